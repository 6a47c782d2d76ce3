// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugins/read/limits.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pathloom {

namespace {

constexpr rlim_t longest_computing = rlim_t(7) * 24 * 3600;  // seconds, whatever progress is claimed

void limit(decltype(RLIMIT_AS) resource, rlim_t value)
{
    const rlimit both{value, value};
    ::setrlimit(resource, &both);
}

}  // namespace

void limit_process([[maybe_unused]] unsigned long megabytes, unsigned long seconds)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // sanitizers reserve terabytes of addresses
    limit(RLIMIT_AS, rlim_t(megabytes) << 20);
#endif
    const rlimit computing{seconds, longest_computing};  // the soft one ends it, and can be moved
    ::setrlimit(RLIMIT_CPU, &computing);
    struct stat out { };
    if (::fstat(STDOUT_FILENO, &out) != 0 || !S_ISREG(out.st_mode)) limit(RLIMIT_FSIZE, 0);  // it writes nothing but its answer
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 64);
}

void allow_computing(unsigned long seconds)
{
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const rlim_t now = rlim_t(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1;
    const rlimit computing{now + seconds, longest_computing};
    ::setrlimit(RLIMIT_CPU, &computing);
}

}  // namespace pathloom
