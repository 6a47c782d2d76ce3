// SPDX-License-Identifier: GPL-3.0-or-later
// What goes on beside the reader's own answers in a needle grid: baselines on the same prompts, and the file that keeps answers.
#pragma once

#include "engine/probe/contestant.h"
#include "engine/probe/needle_grid.h"
#include "engine/probe/result_store.h"

#include <memory>
#include <string>
#include <vector>

namespace pathloom {

class NeedleBeside {
public:
    /// `probe`: "needle" or "multineedle". The first of `contestants` is not
    /// asked (the grid does); `store` may be null and outlives this.
    NeedleBeside(std::string probe, bool no_needle, ReaderIdentity reader, std::string document_hash,
        std::vector<std::unique_ptr<Contestant>> contestants, ResultStore* store);
    /// Outlived by this. `known` answers from the store, `answered` asks the others and keeps what was said.
    [[nodiscard]] CellHooks hooks();

private:
    [[nodiscard]] nlohmann::json recipe(const NeedleCell& cell) const;
    Result<bool> known(NeedleCell& cell);
    Result<void> answered(const ProbeContext& context, NeedleCell& cell);
    Result<void> keep(const ProbeResult& result);

    std::string m_probe, m_document;
    ReaderIdentity m_reader;
    bool m_no_needle = false;
    std::vector<std::unique_ptr<Contestant>> m_contestants;  // the reader is the first
    ResultStore* m_store = nullptr;
};

}  // namespace pathloom
