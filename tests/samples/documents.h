// SPDX-License-Identifier: GPL-3.0-or-later
// Small documents made on the spot, good ones and hostile ones.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pathloom::test {

/// A ZIP archive of (name, contents), deflated.
std::string zip(const std::vector<std::pair<std::string, std::string>>& files);

/// An EPUB of XHTML pages ("a b.xhtml" and so on) in the order given.
std::string epub(const std::vector<std::pair<std::string, std::string>>& pages,
    const std::vector<std::pair<std::string, std::string>>& more = {});

/// A PDF with one line of Helvetica a page. `locked`: its dictionary says it is encrypted, with a password nobody knows.
std::string pdf(const std::vector<std::string>& pages, bool locked = false);

}  // namespace pathloom::test
