// SPDX-License-Identifier: GPL-3.0-or-later
// Words as stems and endings, learnt from a list of words: an ending is what several known words have behind another known word.
// "sorat" becomes "sor" and "+at" where "sor" is a word and "at" follows others too, so that what is learnt of one form helps
// with the rest.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace pathloom {

class Forms {
public:
    static constexpr char32_t mark = U'+';  ///< begins an ending

    void count(const std::u32string& word);
    /// Fixes the endings; nothing may be counted afterwards.
    void settle();
    /// The word as it is, or its stem and endings.
    [[nodiscard]] std::vector<std::u32string> parts(const std::u32string& word) const;
    /// Endings put back behind their stems; one without a stem becomes a word.
    static std::vector<std::u32string> joined(const std::vector<std::u32string>& parts);

private:
    std::unordered_map<std::u32string, double> m_words, m_endings;  // how often; behind how many stems
};

}  // namespace pathloom
