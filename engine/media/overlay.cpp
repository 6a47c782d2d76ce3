// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/overlay.h"

#include "engine/media/surface.h"

#include <algorithm>

namespace pathloom {

Picture overlaid(const Picture& picture, const Overlay& overlay, OverlayPlace* place)
{
    const Surface surface = to_surface(picture);
    const Pen pen(cairo_create(surface.get()));
    cairo_t* const draw = pen.get();
    cairo_select_font_face(
        draw, overlay.font.c_str(), CAIRO_FONT_SLANT_NORMAL, overlay.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    double size = overlay.size * picture.height;
    cairo_text_extents_t extents{};
    cairo_font_extents_t font{};
    for (int trial = 0; trial < 3; ++trial) {  // hinted widths are not quite proportional to the size
        cairo_set_font_size(draw, size);
        cairo_text_extents(draw, overlay.text.c_str(), &extents);
        if (extents.x_advance <= 0.92 * picture.width) break;
        size *= 0.9 * picture.width / extents.x_advance;
    }
    cairo_font_extents(draw, &font);
    const double margin = 0.35 * size;
    const double width = extents.x_advance + 2.0 * margin, height = font.ascent + font.descent + 2.0 * margin;
    const double left = std::clamp(overlay.x, 0.0, 1.0) * std::max(0.0, picture.width - width);
    const double top = std::clamp(overlay.y, 0.0, 1.0) * std::max(0.0, picture.height - height);
    cairo_set_source_rgba(draw, 0.0, 0.0, 0.0, overlay.box);
    cairo_rectangle(draw, left, top, width, height);
    cairo_fill(draw);
    cairo_set_source_rgb(draw, overlay.light, overlay.light, overlay.light);
    cairo_move_to(draw, left + margin, top + margin + font.ascent);
    cairo_show_text(draw, overlay.text.c_str());
    if (place) {
        place->top = top + margin;
        place->bottom = place->top + font.ascent + font.descent;
        place->edges.clear();
        for (std::size_t letters = 0; letters <= overlay.text.size(); ++letters) {
            cairo_text_extents(draw, overlay.text.substr(0, letters).c_str(), &extents);
            place->edges.push_back(left + margin + extents.x_advance);
        }
    }
    return from_surface(surface.get(), 3);
}

Picture grey_of(const Picture& rgb)
{
    if (rgb.channels == 1) return rgb;
    Picture out{rgb.width, rgb.height, 1};
    out.bytes.resize(out.row_bytes() * std::size_t(out.height));
    const std::uint8_t* from = rgb.bytes.data();
    for (std::uint8_t& light : out.bytes) {
        light = light_of(from[0], from[1], from[2]);
        from += 3;
    }
    return out;
}

}  // namespace pathloom
