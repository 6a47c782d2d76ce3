// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/api/document_importer.h"
#include "plugins/pdf/pdf_document.h"

#include <QObject>

namespace pathloom {

class PdfImporter : public QObject, public DocumentImporter {
    Q_OBJECT
    Q_PLUGIN_METADATA(IID PATHLOOM_IMPORTER_IID FILE "pdf.json")
    Q_INTERFACES(pathloom::DocumentImporter)

public:
    [[nodiscard]] Result<void> read(const ImportSource& source, const SegmentSink& sink) const override
    {
        return read_pdf(source.bytes, sink);
    }
};

}  // namespace pathloom

#include "plugin.moc"
