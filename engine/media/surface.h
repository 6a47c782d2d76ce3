// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures as Cairo's surfaces and back. For the files of this floor only.
#pragma once

#include "engine/media/picture.h"

#include <cairo.h>

#include <memory>

namespace pathloom {

struct SurfaceFree {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Surface = std::unique_ptr<cairo_surface_t, SurfaceFree>;
using Pen = std::unique_ptr<cairo_t, SurfaceFree>;

Surface to_surface(const Picture& picture);
/// Of as many channels as asked for; grey is the mean the eye sees (Rec. 601).
Picture from_surface(cairo_surface_t* surface, int channels);

}  // namespace pathloom
