// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/api/document_importer.h"
#include "plugins/epub/epub_document.h"

#include <QObject>

namespace pathloom {

class EpubImporter : public QObject, public DocumentImporter {
    Q_OBJECT
    Q_PLUGIN_METADATA(IID PATHLOOM_IMPORTER_IID FILE "epub.json")
    Q_INTERFACES(pathloom::DocumentImporter)

public:
    [[nodiscard]] Result<void> read(const ImportSource& source, const SegmentSink& sink) const override
    {
        return read_epub(source.bytes, sink);
    }
};

}  // namespace pathloom

#include "plugin.moc"
