// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/surface.h"

#include <cstring>

namespace pathloom {

Surface to_surface(const Picture& picture)
{
    Surface out(cairo_image_surface_create(CAIRO_FORMAT_RGB24, picture.width, picture.height));
    if (cairo_surface_status(out.get()) != CAIRO_STATUS_SUCCESS) return out;
    cairo_surface_flush(out.get());
    unsigned char* const data = cairo_image_surface_get_data(out.get());
    const int stride = cairo_image_surface_get_stride(out.get());
    const int step = picture.channels, green = step == 1 ? 0 : 1, blue = step == 1 ? 0 : 2;
    for (int y = 0; y < picture.height; ++y) {
        const std::uint8_t* from = &picture.bytes[picture.row_bytes() * std::size_t(y)];
        unsigned char* to = data + std::ptrdiff_t(stride) * y;
        for (int x = 0; x < picture.width; ++x, from += step, to += 4) {
            const std::uint32_t pixel
                = std::uint32_t(from[0]) << 16 | std::uint32_t(from[green]) << 8 | std::uint32_t(from[blue]);
            std::memcpy(to, &pixel, 4);
        }
    }
    cairo_surface_mark_dirty(out.get());
    return out;
}

Picture from_surface(cairo_surface_t* surface, int channels)
{
    cairo_surface_flush(surface);
    Picture out{cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), channels};
    out.bytes.resize(out.row_bytes() * std::size_t(out.height));
    const unsigned char* const data = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < out.height; ++y) {
        const unsigned char* from = data + std::ptrdiff_t(stride) * y;
        std::uint8_t* to = &out.bytes[out.row_bytes() * std::size_t(y)];
        for (int x = 0; x < out.width; ++x, from += 4, to += channels) {
            std::uint32_t pixel = 0;
            std::memcpy(&pixel, from, 4);
            const std::uint8_t red = std::uint8_t(pixel >> 16), green = std::uint8_t(pixel >> 8), blue = std::uint8_t(pixel);
            if (channels == 1) {
                to[0] = light_of(red, green, blue);
            } else {
                to[0] = red;
                to[1] = green;
                to[2] = blue;
            }
        }
    }
    return out;
}

}  // namespace pathloom
