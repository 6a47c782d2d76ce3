// SPDX-License-Identifier: GPL-3.0-or-later
// Shape, tensors and first weights of a long-context reader (design: window blocks, one memory, one reader block, tied head).
#pragma once

#include "engine/core/result.h"
#include "engine/store/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

/// Sizes of a reader. Defaults are the shipped size S.
struct ReaderSpec {
    int vocabulary = 4096;
    int d_model = 192;
    int heads = 3;
    int head_dim = 64;
    int hidden = 512;  ///< SwiGLU width
    int window_blocks = 3;
    int window = 64;
    int conv = 4;
    int key_dim = 128;  ///< of the memory's keys and the reader's queries
    int top_k = 16;  ///< memory rows a query reads
    int selections = 0;  ///< classes of "which of the matching rows is asked for"; 0 = the model does not tell
    double rope_base = 10000.0;
    double key_decay = 0.92;  ///< of the bag of last tokens in a key: about one sentence
    double query_decay = 0.99;  ///< of that in a query: the whole question

    /// Tokens before a position that its memory key can depend on.
    [[nodiscard]] int reach() const { return window_blocks * (window - 1 + conv - 1); }
    bool operator==(const ReaderSpec&) const = default;
};

/// Usage naming the field that makes no sense.
Result<void> validate(const ReaderSpec& spec);

enum class FirstWeight { Normal, Value, LastTap, SameAs, Diagonal };

struct ReaderTensor {
    std::string name;
    std::vector<std::int64_t> shape;
    std::size_t offset = 0;
    std::size_t size = 0;
    bool decay = false;  ///< weight decay applies
    FirstWeight first = FirstWeight::Normal;
    double scale = 0.0;  ///< standard deviation, value, or diagonal
    std::string source;  ///< SameAs: the tensor copied
};

/// Tensors of a reader one after the other in a flat fp32 buffer.
class ReaderLayout {
public:
    explicit ReaderLayout(const ReaderSpec& spec);
    [[nodiscard]] const std::vector<ReaderTensor>& tensors() const { return m_tensors; }
    [[nodiscard]] std::size_t at(const std::string& name) const;  ///< offset; a bug when there is none
    [[nodiscard]] std::size_t size() const { return m_size; }

private:
    void add(ReaderTensor tensor);
    std::vector<ReaderTensor> m_tensors;
    std::map<std::string, std::size_t> m_index;
    std::size_t m_size = 0;
};

/// First weights: the reader starts as an induction head. W_q = W_k, the retrieved embedding returns through 0.5 I, logits are
/// mild (sqrt(key_dim) times a cosine), and a query reads its 16 best rows only.
std::vector<float> first_reader_weights(const ReaderSpec& spec, std::uint64_t seed);

/// Weights as fp16 safetensors whose metadata holds the spec; fp32 when `exact`.
std::vector<std::byte> write_reader(const ReaderSpec& spec, std::span<const float> values, bool exact);

/// Weights of a reader of shape `from` for one of shape `to`, which differs in `selections` only: what is new starts at zero.
/// Usage when another field differs.
Result<std::vector<float>> with_selections(const ReaderSpec& from, std::span<const float> values, const ReaderSpec& to);

struct ReaderWeights {
    ReaderSpec spec;
    std::vector<float> values;
};
/// Corrupt when a tensor is missing, of another shape, or not finite.
Result<ReaderWeights> read_reader(const Safetensors& file);

/// The spec as metadata ("d_model" -> "192") and back; Usage naming the key that is absent or no number.
std::map<std::string, std::string> to_metadata(const ReaderSpec& spec);
Result<ReaderSpec> reader_spec_from(const std::map<std::string, std::string>& metadata);

}  // namespace pathloom
