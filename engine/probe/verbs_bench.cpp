// SPDX-License-Identifier: GPL-3.0-or-later
// bench prefill, bench scan.
#include "engine/core/machine.h"
#include "engine/probe/bench_memory.h"
#include "engine/probe/probe_verbs.h"

#include <memory>

namespace pathloom {

void add_bench_verbs(CLI::App& app, ProbeShell& shell)
{
    auto* benches = app.add_subcommand("bench", "Measure this machine")->require_subcommand(1);
    const int cores = int(this_machine().cores.size());
    auto keep = std::make_shared<std::string>();
    const auto positive = CLI::Range(1, 1 << 30);
    const auto common = [&](CLI::App* verb, auto& options) {
        options->threads = cores;
        verb->add_option("--threads", options->threads, "Threads (default: one a core)")->check(CLI::Range(1, 1024));
        verb->add_option("--repeats", options->repeats, "Repeats; the median counts")->check(positive);
        verb->add_option("--keep", *keep, "File that keeps the JSON document");
    };

    auto prefill = std::make_shared<PrefillBenchOptions>();
    auto precision = std::make_shared<std::string>("bf16");
    auto* prefill_verb = benches->add_subcommand("prefill", "Encoding a document into a reader's memory");
    common(prefill_verb, prefill);
    prefill_verb->add_option("--model", prefill->model, "'shipped' or a reader's folder");
    prefill_verb->add_option("--precision", *precision, "Of the encoder's products")->check(CLI::IsMember({"fp32", "bf16"}));
    prefill_verb->add_option("--tokens", prefill->tokens, "Tokens of the document")->check(positive);
    prefill_verb->add_option("--dir", prefill->folder, "Folder for the memory (default: the temporary one)");
    prefill_verb->callback([&shell, prefill, precision, keep] {
        shell.action = [&shell, prefill, precision, keep]() -> Result<void> {
            prefill->precision = *precision == "fp32" ? Precision::Fp32 : Precision::Bf16;
            PATHLOOM_TRY(const MemoryBench bench, bench_prefill(*prefill));
            return deliver_report(describe(bench), shell.json, *keep);
        };
    });

    auto scan = std::make_shared<ScanBenchOptions>();
    auto* scan_verb = benches->add_subcommand("scan", "The exact search of a memory's int8 keys");
    common(scan_verb, scan);
    scan_verb->add_option("--rows", scan->rows, "Keys")->check(positive);
    scan_verb->add_option("--key-dim", scan->key_dim, "Their width")->check(CLI::Range(1, 4096));
    scan_verb->callback([&shell, scan, keep] {
        shell.action = [&shell, scan, keep]() -> Result<void> {
            PATHLOOM_TRY(const MemoryBench bench, bench_scan(*scan));
            return deliver_report(describe(bench), shell.json, *keep);
        };
    });
}

}  // namespace pathloom
