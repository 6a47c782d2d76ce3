// SPDX-License-Identifier: GPL-3.0-or-later
// Routed memory: one memory whose rows were written by several encoders ("paths"), read by one shared reader. Which path writes
// a row is decided by the 64 tokens that end at it, so a document's rows stay the same wherever they stand in a context.
//
// A folder with paths.safetensors beside model.safetensors: the encoder tensors of each path ("K/block0.conv"...), "scores" I32
// [paths, vocabulary], and in its metadata the paths' names and the hash of the shared weights they belong to.
#pragma once

#include "engine/core/result.h"
#include "engine/model/memory_model.h"

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace pathloom {

struct ReaderPackage;

inline constexpr std::size_t RoutedChunk = 64;  ///< tokens that decide on a row's path
inline constexpr int RouteAuto = -1;

/// How well tokens fit each path, in whole numbers so that sums do not depend on their order: a naive Bayes classifier whose
/// scores are 2^16 times the logarithm of a token's smoothed share in the path's texts.
class TokenRouter {
public:
    /// `scores` [paths, vocabulary].
    TokenRouter(std::vector<std::int32_t> scores, int paths, int vocabulary);
    static TokenRouter fit(std::span<const std::vector<std::int64_t>> counts);  ///< counts of each path: [vocabulary]
    [[nodiscard]] int paths() const { return m_paths; }
    [[nodiscard]] std::span<const std::int32_t> scores() const { return m_scores; }
    /// The path of each row of `tokens`: the best sum over the RoutedChunk tokens that end there; ties go to the lower number.
    [[nodiscard]] std::vector<std::uint8_t> route(std::span<const std::int32_t> tokens) const;

private:
    std::vector<std::int32_t> m_scores;
    int m_paths, m_vocabulary;
};

struct RoutedPaths {
    std::vector<MemoryModel> models;  ///< the shared weights with each path's encoder
    std::vector<std::string> names;
    TokenRouter router;
    int only = RouteAuto;  ///< this path writes every row instead
    std::string hash;  ///< of paths.safetensors and `only`

    /// The path of each row.
    [[nodiscard]] std::vector<std::uint8_t> paths_of(std::span<const std::int32_t> tokens) const;
    /// Keys [count, key_dim] of rows first, first + 1... of `tokens`, each by its path.
    void keys(std::span<const std::int32_t> tokens, std::size_t first, std::size_t count, std::vector<float>& out);
};

/// "auto" or a number. Usage when it is neither, or the reader has no such path.
Result<void> use_paths(ReaderPackage& reader, const std::string& which, Precision precision);

struct PathSource {
    std::string name;
    std::filesystem::path reader;  ///< folder of a trained reader whose encoder becomes the path
    std::vector<std::int64_t> counts;  ///< of each token in the path's texts
};
/// Writes paths.safetensors, and copies of the shared reader's files, into `out`. Usage when shapes differ.
Result<void> write_paths(const ReaderPackage& shared, std::span<const PathSource> paths, const std::filesystem::path& out);

/// Writes which path wrote each row beside a memory: NAME.paths, a safetensors "path" U8 [rows].
Result<void> record_paths(const std::filesystem::path& folder, const std::string& memory, std::span<const std::uint8_t> paths);
/// What record_paths() wrote; Corrupt when it is not for so many rows.
Result<std::vector<std::uint8_t>> recorded_paths(
    const std::filesystem::path& folder, const std::string& memory, std::size_t rows);

}  // namespace pathloom
