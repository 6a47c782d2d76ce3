// SPDX-License-Identifier: GPL-3.0-or-later
// Which rows of a film's pictures changed, on a small grey copy.
#pragma once

#include "engine/media/picture.h"

#include <vector>

namespace pathloom {

/// A band of rows of a picture, as shares of its height from the top.
struct Band {
    double top = 0.0, bottom = 1.0;
    bool operator==(const Band&) const = default;
};

inline constexpr int ChangeHeight = 180;  ///< of the pictures that are compared: a line of text is a few rows yet

/// Compares blocks of pictures with what was there when they were last reported. Bands have the whole width, because a line of
/// text that changes in part is read as a whole.
class ChangeFinder {
public:
    /// The bands that changed since they were last reported, a block more above and below, from the top; all of the picture the
    /// first time, when its size changes, and when more than half has changed. Empty: nothing did.
    std::vector<Band> changed(const Picture& small);

private:
    Picture m_seen;
};

}  // namespace pathloom
