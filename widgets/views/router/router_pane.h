// SPDX-License-Identifier: GPL-3.0-or-later
// The router explorer of the run shown: who got which text, where sequences lie, what a re-sharding moved, how paths agree.
#pragma once

#include "widgets/models/documents_model.h"
#include "widgets/models/session.h"
#include "widgets/theme/pane_frame.h"

#include <optional>

class QComboBox;
class QLabel;
class QTabWidget;
class QTableView;

namespace pathloom {

class ConnectionState;
class FlowPicture;
class GradientTab;
class HeatMap;
class Picture;
class RouterMap;
class TextTab;

class RouterPane final : public PaneFrame {
    Q_OBJECT
public:
    RouterPane(Session& session, ThemeController& theme, QWidget* parent = nullptr);
    [[nodiscard]] QTabWidget* tabs() const { return m_tabs; }
    [[nodiscard]] HeatMap* confusion() const { return m_confusion; }
    [[nodiscard]] RouterMap* map() const { return m_map; }
    [[nodiscard]] FlowPicture* flow() const { return m_flow; }
    [[nodiscard]] GradientTab* gradients() const { return m_gradients; }
    [[nodiscard]] DocumentsModel& documents() { return *m_documents; }
    void choosePath(int path);

protected:
    quint64 fingerprint() const override;
    void rebuild() override;

private:
    QWidget* makeShards(ThemeController& theme);
    QWidget* makeMap();
    QWidget* makeMoves();
    void fetch();
    void showFacts();
    void showMoves();
    void updateStatus();
    [[nodiscard]] Picture* shownPicture() const;

    Session& m_session;
    std::optional<RoutingFacts> m_facts;
    qint64 m_run = 0;  // of m_facts, or being asked about
    int m_routing = -1;
    bool m_asking = false;
    quint64 m_generation = 0;
    int m_path = -1;
    QTabWidget* m_tabs;
    HeatMap* m_confusion;
    RouterMap* m_map;
    FlowPicture* m_flow;
    QComboBox* m_flowChoice;
    QLabel* m_flowText;
    GradientTab* m_gradients;
    TextTab* m_text;
    DocumentsModel* m_documents;
    QTableView* m_table;
    QLabel* m_documentsTitle;
    ConnectionState* m_connection;
};

}  // namespace pathloom
