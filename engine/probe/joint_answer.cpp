// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/probe/joint_answer.h"

#include "engine/probe/mixture.h"

#include <cmath>

namespace pathloom {

Result<JointAnswer> ask_text_and_pictures(ReaderPackage& reader, const MemoryView& text, const VisionModel& model,
    const MemoryView& pictures, std::string_view question, std::string_view answer_prefix, const AnswerOptions& options)
{
    PATHLOOM_TRY(const FrameQuestion asked, frame_question(reader, model, question, answer_prefix));
    JointAnswer out;
    out.text.text = NoAnswer;
    if (text.rows() > 0) {
        PATHLOOM_TRY(out.text, ask_memory(reader, text, question, answer_prefix, options));
    }
    out.picture = ask_visual_memory(model, asked, pictures, options.scan.threads);
    out.picture_found = 1.0 / (1.0 + std::exp(-out.picture.logit));
    if (out.picture.text == NoAnswer) return out;
    const bool one_place = out.text.selection == Selection::One;
    const bool text_answers = out.text.text != NoAnswer;
    out.by_picture = !text_answers || (one_place && out.picture_found > out.text.found);
    return out;
}

}  // namespace pathloom
