// SPDX-License-Identifier: GPL-3.0-or-later
// The reader half: memory keys, queries, hard top-k reading and the output distribution, each with its backward pass.
//
// A memory row i of a document holds the key of the state at token i and, as its value, token i + 1 itself: its tied embedding is
// what a query reads and its identity is what a query may copy. So the value costs two bytes and survives any quantisation. A
// query's distribution is gate * copy + (1 - gate) * softmax(tied head) (pointer sentinel mixture, Merity et al. 2016).
#pragma once

#include "engine/model/window_encoder.h"

#include <cstdint>
#include <span>
#include <vector>

namespace pathloom {

/// Keys of `rows` states and what their backward pass needs.
struct KeyTape {
    int rows = 0;
    std::vector<float> x, bag;  ///< [rows, d_model] states of the window blocks and bags of last tokens
    std::vector<float> normed, rstd, bag_rstd, raw, inverse;
    std::vector<float> keys;  ///< [rows, key_dim], unit length
};

/// Queries of `rows` states, the memory rows each has read, and the distribution that follows.
struct ReadTape {
    int rows = 0;
    std::vector<float> x, bag;  ///< [rows, d_model]
    std::vector<float> xn1, rstd1, mixed, bag_rstd, raw, inverse;
    std::vector<float> queries;  ///< [rows, key_dim], unit length
    std::vector<float> null_logit;  ///< [rows]
    std::vector<float> selection;  ///< [rows, selections] logits of which matching row is asked for
    std::vector<std::int32_t> found;  ///< memory rows read by each query, at most top_k
    std::vector<std::int32_t> tokens;  ///< [rows, top_k] value of each memory row read
    std::vector<float> cosine;  ///< [rows, top_k] of query and key
    std::vector<float> p;  ///< [rows, top_k + 1] mass of each memory row; last column: nothing found
    std::vector<float> copy;  ///< [rows, top_k] the same without "nothing found"
    std::vector<float> read, x2, xn2, rstd2, up, act, x3, y, rstd3;
    std::vector<float> gate;  ///< [rows]
    std::vector<float> logits;  ///< [rows, vocabulary] of the tied head
};

class MemoryReader {
public:
    explicit MemoryReader(const ReaderSpec& spec);
    /// Unit keys of tape.x and tape.bag.
    void write(const ReaderParameters& p, ReaderProducts& gemm, KeyTape& tape) const;
    /// dkeys [rows, key_dim] -> tape.x and tape.bag become their gradients; adds to grads.
    void write_backward(
        const ReaderParameters& p, ReaderProducts& gemm, KeyTape& tape, std::vector<float>& dkeys, float* grads) const;
    /// Unit queries and null logits of tape.x and tape.bag.
    void query(const ReaderParameters& p, ReaderProducts& gemm, ReadTape& tape) const;
    /// After `found`, `tokens` and `cosine` are set: everything up to `gate` and `logits`.
    void mix(const ReaderParameters& p, ReaderProducts& gemm, ReadTape& tape) const;
    /// Mean negative log-likelihood of `targets` [rows]; afterwards dx [rows, d_model] lacks the part through the query, which
    /// query_backward adds, and dcosine [rows, top_k] is the gradient of the cosines. nll [rows] in nats.
    void mix_backward(const ReaderParameters& p, ReaderProducts& gemm, ReadTape& tape, std::span<const std::int32_t> targets,
        std::vector<float>& nll, std::vector<float>& dcosine, std::vector<float>& dx, float* grads);
    /// dqueries [rows, key_dim], dselection [rows, selections]; adds to dx and grads, tape.bag becomes its gradient.
    void query_backward(const ReaderParameters& p, ReaderProducts& gemm, ReadTape& tape, std::vector<float>& dqueries,
        const std::vector<float>& dselection, std::vector<float>& dx, float* grads);

    /// exp(log_scale): what a cosine is multiplied by.
    [[nodiscard]] float scale(const ReaderParameters& p) const;
    [[nodiscard]] std::size_t log_scale_offset() const { return m_at.log_scale; }

private:
    struct Offsets {
        std::size_t embedding, memory_norm, memory_bag, reader_bag, memory_k, norm1, q, log_scale, null, null_bias, null_value, o,
            norm2, up, down, gate, gate_bias, norm, selection, selection_bias;
    };
    void masses(const ReaderParameters& p, ReadTape& tape) const;
    ReaderSpec m_spec;
    Offsets m_at;
    std::vector<float> m_dnull;  // gradient of each row's null logit, between the two halves of the backward pass
};

}  // namespace pathloom
