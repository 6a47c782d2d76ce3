// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/media/png.h"

#include "engine/media/surface.h"

namespace pathloom {

std::string png(const Picture& picture)
{
    if (picture.bytes.empty()) return {};
    std::string out;
    const auto append = [](void* to, const unsigned char* data, unsigned length) {
        static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), length);
        return CAIRO_STATUS_SUCCESS;
    };
    cairo_surface_write_to_png_stream(to_surface(picture).get(), append, &out);
    return out;
}

}  // namespace pathloom
