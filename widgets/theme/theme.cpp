// SPDX-License-Identifier: GPL-3.0-or-later
// The theme: see theme.h.
#include "widgets/theme/theme.h"

#include "widgets/theme/style.h"

#include <QApplication>
#include <QFile>
#include <QFontDatabase>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QToolTip>

#include <algorithm>
#include <utility>

namespace pathloom {

namespace {

QColor colorOf(const QJsonObject& object, const QString& key)
{
    const QColor color(object.value(key).toString());
    if (!color.isValid()) qFatal("theme token '%s' is missing or no colour", qPrintable(key));
    return color;
}

QVector<QColor> colorsOf(const QJsonObject& object, const QString& key)
{
    QVector<QColor> colors;
    for (const QJsonValue& value : object.value(key).toArray()) colors.push_back(QColor(value.toString()));
    return colors;
}

QString family()
{
    static const QString name
        = QFontDatabase::hasFamily(QStringLiteral("Inter")) ? QStringLiteral("Inter") : QStringLiteral("DejaVu Sans");
    return name;
}

QFont sized(int points, QFont::Weight weight = QFont::Normal)
{
    QFont font(family(), points, weight);
    font.setHintingPreference(QFont::PreferNoHinting);
    return font;
}

}  // namespace

Tokens loadTokens(const QString& name)
{
    QFile file(QStringLiteral(":/pathloom/themes/%1.json").arg(name));
    if (!file.open(QIODevice::ReadOnly)) qFatal("theme '%s' is not among the resources", qPrintable(name));
    const QJsonObject o = QJsonDocument::fromJson(file.readAll()).object();
    Tokens t;
    t.name = name;
    const std::pair<const char*, QColor*> named[] = {{"surface", &t.surface}, {"raised", &t.raised}, {"sunken", &t.sunken},
        {"text", &t.text}, {"muted", &t.muted}, {"line", &t.line}, {"disabled", &t.disabled}, {"accent", &t.accent},
        {"onAccent", &t.onAccent}, {"ok", &t.ok}, {"warn", &t.warn}, {"fail", &t.fail}};
    for (const auto& [key, color] : named) *color = colorOf(o, QString::fromLatin1(key));
    t.categorical = colorsOf(o, QStringLiteral("categorical"));
    t.diverging = colorsOf(o, QStringLiteral("diverging"));
    if (t.categorical.size() != 8 || t.diverging.size() != 3) {
        qFatal("theme '%s' needs 8 categorical and 3 diverging colours", qPrintable(name));
    }
    return t;
}

Theme::Theme(Tokens tokens)
    : m_tokens(std::move(tokens))
{
}

bool Theme::isDark() const
{
    return relativeLuminance(m_tokens.surface) < 0.2;
}

QColor Theme::categorical(int i) const
{
    const auto n = int(m_tokens.categorical.size());
    return n == 0 ? m_tokens.text : m_tokens.categorical[((i % n) + n) % n];
}

Qt::PenStyle Theme::categoricalDash(int i)
{
    constexpr Qt::PenStyle kStyles[] = {Qt::SolidLine, Qt::DashLine, Qt::DotLine, Qt::DashDotLine};
    return kStyles[(std::max(i, 0) / 8) % 4];
}

QColor Theme::sequential(double t) const
{
    const double x = std::clamp(t, 0.0, 1.0);
    return isDark() ? cividis(0.32 + 0.68 * x) : cividis(0.78 * x);  // leave out the end that sinks into the surface
}

QColor Theme::diverging(double t) const
{
    return divergingColor(m_tokens.diverging.value(0), m_tokens.diverging.value(1), m_tokens.diverging.value(2), t);
}

QPalette Theme::palette() const
{
    const Tokens& t = m_tokens;
    QPalette p;
    const auto all = [&p](QPalette::ColorRole role, const QColor& color) { p.setColor(QPalette::All, role, color); };
    all(QPalette::Window, t.surface);
    all(QPalette::WindowText, t.text);
    all(QPalette::Base, t.raised);
    all(QPalette::AlternateBase, mixColors(t.raised, t.sunken, 0.6));
    all(QPalette::Text, t.text);
    all(QPalette::Button, mixColors(t.surface, t.sunken, 0.5));
    all(QPalette::ButtonText, t.text);
    all(QPalette::BrightText, t.fail);
    all(QPalette::Highlight, t.accent);
    all(QPalette::HighlightedText, t.onAccent);
    all(QPalette::Link, t.accent);
    all(QPalette::LinkVisited, mixColors(t.accent, t.muted, 0.4));
    all(QPalette::PlaceholderText, t.muted);
    all(QPalette::ToolTipBase, t.raised);
    all(QPalette::ToolTipText, t.text);
    all(QPalette::Light, mixColors(t.raised, t.line, 0.2));
    all(QPalette::Midlight, mixColors(t.raised, t.line, 0.5));
    all(QPalette::Mid, mixColors(t.line, t.muted, 0.25));
    all(QPalette::Dark, mixColors(t.line, t.muted, 0.62));  // outlines of fields: 3:1 on the window
    all(QPalette::Shadow, isDark() ? QColor(0, 0, 0) : mixColors(t.line, t.text, 0.5));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText, QPalette::Link,
             QPalette::PlaceholderText, QPalette::ToolTipText}) {
        p.setColor(QPalette::Disabled, role, t.disabled);
    }
    p.setColor(QPalette::Disabled, QPalette::Base, t.surface);
    p.setColor(QPalette::Disabled, QPalette::Button, t.surface);
    p.setColor(QPalette::Disabled, QPalette::Highlight, t.line);
    p.setColor(QPalette::Inactive, QPalette::Highlight, t.accent);
    return p;
}

QString Theme::styleSheet() const
{
    const Tokens& t = m_tokens;
    const QString hover = mixColors(t.surface, t.text, 0.07).name();
    const QString pressed = mixColors(t.surface, t.text, 0.13).name();
    const QString checked = mixColors(t.surface, t.accent, isDark() ? 0.28 : 0.16).name();
    const QString edge = mixColors(t.line, t.muted, 0.3).name();
    const QString primaryHover = mixColors(t.accent, t.text, 0.14).name();
    return QStringLiteral("QToolTip{background:%1;color:%2;border:1px solid %3;padding:4px 6px;}"
                          "QToolBar{border:none;background:transparent;spacing:2px;padding:1px 0;}"
                          "QMainWindow>QToolBar{padding:2px 8px;border-bottom:1px solid %3;}"
                          "QToolButton{padding:3px;background:transparent;border:1px solid transparent;border-radius:4px;}"
                          "QMainWindow>QToolBar>QToolButton{padding:3px 6px;}"
                          "QToolButton:hover{background:%4;}"
                          "QToolButton:pressed{background:%5;}"
                          "QToolButton:checked{background:%6;}"
                          "QToolButton:checked:disabled{background:%4;}"
                          "QToolButton:focus{border-color:%7;}"
                          "QToolButton::menu-indicator{image:none;}"
                          "QToolButton#qt_toolbar_ext_button{padding:0;border:none;}"
                          "QDockWidget::title{background:%8;padding:4px;}"
                          "QMainWindow::separator{background:%3;width:1px;height:1px;}"
                          "QStatusBar{border-top:1px solid %3;}"
                          "QStatusBar::item{border:none;}")
               .arg(t.raised.name(), t.text.name(), t.line.name(), hover, pressed, checked, t.accent.name(), t.sunken.name())
        + QStringLiteral(
            "QTabBar{background:transparent;}"
            "QTabBar::tab{background:transparent;color:%1;border:none;border-bottom:2px solid transparent;"
            "padding:5px 10px 3px 10px;min-height:18px;}"
            "QTabBar::tab:hover{color:%2;}"
            "QTabBar::tab:selected{color:%2;border-bottom-color:%3;}"
            "QTabBar::tab:focus{color:%3;}"
            "QTabWidget::pane{border:none;border-top:1px solid %4;}"
            "QPushButton{background:%5;color:%2;border:1px solid %6;border-radius:4px;padding:4px 12px;min-height:16px;}"
            "QPushButton:hover{background:%7;}"
            "QPushButton:pressed{background:%8;}"
            "QPushButton:focus{border-color:%3;}"
            "QPushButton:disabled{color:%9;border-color:%4;}")
              .arg(t.muted.name(), t.text.name(), t.accent.name(), t.line.name(), t.raised.name(), edge, hover, pressed,
                  t.disabled.name())
        + QStringLiteral("QPushButton[primary=\"true\"]{background:%1;color:%2;border-color:%1;}"
                         "QPushButton[primary=\"true\"]:hover{background:%3;border-color:%3;}"
                         "QPushButton[primary=\"true\"]:focus{border-color:%4;}"
                         "QPushButton[primary=\"true\"]:disabled{background:%5;color:%6;border-color:%5;}")
              .arg(t.accent.name(), t.onAccent.name(), primaryHover, t.text.name(), t.line.name(), t.muted.name());
}

QFont Theme::bodyFont()
{
    return sized(10);
}
QFont Theme::labelFont()
{
    return sized(9);
}
QFont Theme::titleFont()
{
    return sized(13, QFont::DemiBold);
}
QFont Theme::fixedFont()
{
    QFont font(QStringLiteral("DejaVu Sans Mono"), 9);
    font.setStyleHint(QFont::Monospace);
    return font;
}

ThemeController::ThemeController(QObject* parent)
    : QObject(parent)
    , m_theme(loadTokens(QStringLiteral("light")))
    , m_reducedMotion(qEnvironmentVariableIntValue("PATHLOOM_REDUCED_MOTION") != 0)
{
}

void ThemeController::setName(const QString& name)
{
    if (name == m_theme.tokens().name) return;
    m_theme = Theme(loadTokens(name));
    if (m_application != nullptr) applyTo(*m_application);
    Q_EMIT changed();
}

void ThemeController::setReducedMotion(bool reduced)
{
    const bool before = reducedMotion();
    m_reducedMotion = reduced;
    if (reducedMotion() != before) Q_EMIT motionChanged();
}

void ThemeController::setDesktopReducedMotion(bool reduced)
{
    const bool before = reducedMotion();
    m_desktopReducedMotion = reduced;
    if (reducedMotion() != before) Q_EMIT motionChanged();
}

void ThemeController::applyTo(QApplication& application)
{
    if (m_application == nullptr) {
        QApplication::setStyle(new OutlinedStyle);
        QApplication::setFont(Theme::bodyFont());
        QToolTip::setFont(Theme::labelFont());
    }
    m_application = &application;
    QApplication::setPalette(m_theme.palette());
    QToolTip::setPalette(m_theme.palette());
    application.setStyleSheet(m_theme.styleSheet());
}

}  // namespace pathloom
