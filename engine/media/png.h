// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/media/picture.h"

#include <string>

namespace pathloom {

/// A picture as the bytes of a PNG file; empty for an empty picture.
std::string png(const Picture& picture);

}  // namespace pathloom
