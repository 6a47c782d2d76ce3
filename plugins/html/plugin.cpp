// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/api/document_importer.h"
#include "plugins/html/html_document.h"

#include <QObject>

namespace pathloom {

class HtmlImporter : public QObject, public DocumentImporter {
    Q_OBJECT
    Q_PLUGIN_METADATA(IID PATHLOOM_IMPORTER_IID FILE "html.json")
    Q_INTERFACES(pathloom::DocumentImporter)

public:
    [[nodiscard]] Result<void> read(const ImportSource& source, const SegmentSink& sink) const override
    {
        return read_html(source.bytes, sink);
    }
};

}  // namespace pathloom

#include "plugin.moc"
