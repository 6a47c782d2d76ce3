// SPDX-License-Identifier: GPL-3.0-or-later
// One question of text and of pictures: the query that the reader makes of it is compared with every key of a text's memory and
// with every key the frame encoder wrote for a film's pictures, and what the better evidence points at is read: a text token by
// token, a picture letter by letter.
#pragma once

#include "engine/probe/answer.h"
#include "engine/probe/visual_memory.h"

#include <string>
#include <string_view>

namespace pathloom {

struct JointAnswer {
    Answer text;  ///< what the text says; without one "none"
    VisualAnswer picture;  ///< what the pictures say
    double picture_found = 0.0;  ///< what speaks for an answer in a picture, 0 to 1, as Answer::found does for the text
    bool by_picture = false;
    [[nodiscard]] const std::string& said() const { return by_picture ? picture.text : text.text; }
};

/// `text` may have no rows. A question for all of something, or for one of several, is the text's alone: pictures answer with one
/// place. Errors as of ask_memory() and frame_question().
Result<JointAnswer> ask_text_and_pictures(ReaderPackage& reader, const MemoryView& text, const VisionModel& model,
    const MemoryView& pictures, std::string_view question, std::string_view answer_prefix, const AnswerOptions& options);

}  // namespace pathloom
