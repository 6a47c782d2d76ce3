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
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            const std::uint8_t* const from
                = &picture.bytes[picture.row_bytes() * std::size_t(y) + std::size_t(x * picture.channels)];
            const bool grey = picture.channels == 1;
            const std::uint32_t pixel
                = std::uint32_t(from[0]) << 16 | std::uint32_t(from[grey ? 0 : 1]) << 8 | std::uint32_t(from[grey ? 0 : 2]);
            std::memcpy(data + std::ptrdiff_t(stride) * y + std::ptrdiff_t(x) * 4, &pixel, 4);
        }
    }
    cairo_surface_mark_dirty(out.get());
    return out;
}

Picture from_surface(cairo_surface_t* surface, int channels)
{
    cairo_surface_flush(surface);
    Picture out{cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), channels};
    out.bytes.reserve(out.row_bytes() * std::size_t(out.height));
    const unsigned char* const data = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < out.height; ++y) {
        for (int x = 0; x < out.width; ++x) {
            std::uint32_t pixel = 0;
            std::memcpy(&pixel, data + std::ptrdiff_t(stride) * y + std::ptrdiff_t(x) * 4, 4);
            const std::uint32_t red = pixel >> 16 & 255, green = pixel >> 8 & 255, blue = pixel & 255;
            if (channels == 1) {
                out.bytes.push_back(std::uint8_t((299 * red + 587 * green + 114 * blue + 500) / 1000));
            } else {
                out.bytes.push_back(std::uint8_t(red));
                out.bytes.push_back(std::uint8_t(green));
                out.bytes.push_back(std::uint8_t(blue));
            }
        }
    }
    return out;
}

}  // namespace pathloom
