// SPDX-License-Identifier: GPL-3.0-or-later
// Text in pictures, through Tesseract.
#pragma once

#include "engine/core/result.h"
#include "engine/media/picture.h"

#include <memory>
#include <string>
#include <vector>

namespace pathloom {

struct PictureLine {
    std::string text;  ///< UTF-8, one line, words with one blank between them
    double confidence = 0.0;  ///< 0 to 1: mean over its words
    Box box;
};

class PictureText {
public:
    /// `language`: Tesseract's names, joined by "+" ("eng", "deu+eng"). Usage when a model is not installed: the message names
    /// the Debian package.
    static Result<PictureText> open(const std::string& language);
    PictureText(PictureText&&) noexcept;
    PictureText& operator=(PictureText&&) noexcept;
    ~PictureText();

    /// The languages there are models of, sorted; Tesseract's own aids (osd, equ) are none.
    static std::vector<std::string> languages();

    /// The lines of a grey picture from the top, words it is unsure of left out. Small pictures are enlarged first: Tesseract
    /// wants letters of 20 pixels and more.
    std::vector<PictureLine> read(const Picture& grey);

private:
    struct Engine;
    explicit PictureText(std::unique_ptr<Engine> engine);
    std::unique_ptr<Engine> m_engine;
};

}  // namespace pathloom
