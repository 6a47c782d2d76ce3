// SPDX-License-Identifier: GPL-3.0-or-later
// Films as rows of a memory: each second's picture writes the frame encoder's tokens into the same file format that holds
// documents (memory_file.h). A row's bytes are a key, a value and a look; its u16 is the token's place in the picture, its
// u32 the second. Searching sees keys only: the query is zero over the rest.
#pragma once

#include "engine/corpus/reader_process.h"
#include "engine/probe/memory_file.h"
#include "engine/probe/memory_view.h"
#include "engine/probe/reader_package.h"
#include "engine/vision/frame_reading.h"
#include "engine/vision/vision_model.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pathloom {

/// What names the memory of `seconds` pictures of a film. NotFound and the like when the film cannot be read.
Result<MemoryIdentity> visual_identity(const VisionModel& model, const std::filesystem::path& film, int seconds);

/// The film's memory in `folder`, encoded now unless it is there: its pictures are read, one a second, and never more than one is
/// held. `progress` counts rows.
Result<MemoryFile> obtain_visual_memory(VisionModel& model, const std::filesystem::path& film, int seconds,
    const std::filesystem::path& folder, const ReadLimits& limits, const MemoryProgress& progress);

/// One picture's rows as they would lie in a file.
std::shared_ptr<const KeyPatch> frame_patch(VisionNet& net, const Picture& grey);

struct VisualAnswer {
    std::string text;  ///< the word, or "none"
    std::string line;  ///< all that the picture it was read from says
    double logit = 0.0;  ///< the gate's, of the picture it was read from
    std::int64_t picture = -1;  ///< that picture, counted through the memory; -1 when no row matched
    int first = 0, last = 0;  ///< tokens that were read
    double seconds = 0.0;
};

/// Usage when the encoder was trained with the questions of another reader: to be asked before films are encoded.
Result<void> check_reader(const ReaderPackage& reader, const VisionModel& model);

/// A question as frames are asked it, with the query its reader searches texts with, too. Usage as
/// check_reader() and check_question().
Result<FrameQuestion> frame_question(
    ReaderPackage& reader, const VisionModel& model, std::string_view question, std::string_view answer_prefix);

/// Scores every row of the memory against a question's query, keeps the best 64, and reads the pictures they are of: the one the
/// gate finds likeliest answers when it lets it. Rows of a picture must lie side by side, from a multiple of the
/// tokens on.
VisualAnswer ask_visual_memory(const VisionModel& model, const FrameQuestion& asked, const MemoryView& memory, int threads);

/// Where a picture of several films' memories is from, one after the other.
struct PicturePlace {
    std::size_t film = 0;
    std::int64_t second = 0;
};
/// `rows`: of each film's memory, 0 for a document without pictures; `picture` is one of them.
PicturePlace picture_place(std::span<const std::size_t> rows, std::int64_t picture, int tokens);

/// How much each picture of a memory of whole pictures looks like one whose unit looks are `wanted` [tokens, look_dim]: mean
/// cosine, 1 for the same.
std::vector<double> picture_likeness(const VisionSpec& spec, const MemoryView& memory, std::span<const float> wanted);

}  // namespace pathloom
