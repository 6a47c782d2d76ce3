// SPDX-License-Identifier: GPL-3.0-or-later
// Foreign bytes of pathloom-probe: memories, results, recipes, questions, needles. A library and programs of their own, because
// SentencePiece may not meet the protobuf of the other targets.
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/core/resources.h"
#include "engine/probe/case_makers.h"
#include "engine/probe/haystack.h"
#include "engine/probe/memory_file.h"
#include "engine/probe/reader_training.h"
#include "tests/fuzz/promises.h"
#include "tests/fuzz/targets.h"

#include <sys/mman.h>
#include <unistd.h>

#include <fmt/format.h>

#include <fstream>

namespace pathloom::fuzz {

namespace {

using nlohmann::json;

/// The bytes as a file for as long as the object lives; nothing touches a disk.
class BytesAsFile {
public:
    explicit BytesAsFile(std::string_view bytes)
        : m_fd(::memfd_create("fuzz", MFD_CLOEXEC))
    {
        promise(m_fd.get() >= 0 && ::write(m_fd.get(), bytes.data(), bytes.size()) == ssize_t(bytes.size()),
            "a file in memory can be written");
    }
    [[nodiscard]] std::filesystem::path path() const { return fmt::format("/proc/self/fd/{}", m_fd.get()); }

private:
    UniqueFd m_fd;
};

void read_memory(std::string_view bytes)
{
    const auto header = check_memory_header(std::as_bytes(std::span(bytes.data(), bytes.size())));
    if (!header) promise(one_line(header.error().message), "an error is one line");
    const BytesAsFile file(bytes);
    const auto memory = MemoryFile::open(file.path(), true);
    if (!memory) return promise(one_line(memory.error().message), "an error is one line");
    promise(header.has_value(), "a memory that opens has a good header");
    promise(memory->tokens().size() == memory->rows() + 1 && memory->bytes().size() == memory->tokens().size(),
        "each row points at the token after it");
    const KeyRun run = memory->run(0, memory->rows());
    long sum = 0;
    for (std::size_t i = 0; i < memory->rows() * key_stride(memory->key_dim()); ++i) sum += run.keys[i];
    for (std::size_t i = 0; i < memory->rows(); ++i) sum += run.scales[i];
    promise(sum < 1L << 40, "every key and scale can be read");
}

std::string memory_seed()
{
    const std::filesystem::path folder = std::filesystem::temp_directory_path() / fmt::format("pathloom-fuzz-{}", ::getpid());
    const MemoryIdentity identity{sha256_hex(std::string_view("m")), {1, 2, 3, 4, 5}, {0, 1, 2, 3, 4}, 8};
    const KeySource ones = [](std::size_t, std::size_t count, std::vector<float>& keys) -> Result<void> {
        keys.assign(count * 8, 0.35f);
        return {};
    };
    const auto made = MemoryFile::obtain(folder, identity, ones, [](std::size_t, std::size_t) { return true; });
    promise(made.has_value(), "a memory can be made");
    std::string bytes = read_file(folder / (identity.name() + ".memory")).value();
    std::filesystem::remove_all(folder);
    return bytes;
}

void read_results(std::string_view bytes)
{
    // SQLite wants a name of its own for its log, so this one is a real file.
    static const std::filesystem::path file
        = std::filesystem::temp_directory_path() / fmt::format("pathloom-fuzz-{}.db", ::getpid());
    const auto away = [] {
        for (const char* part : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(file.string() + part);
    };
    away();
    std::ofstream(file, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));  // no fsync: there are many
    if (auto store = ResultStore::open(file); !store) {
        promise(one_line(store.error().message), "an error is one line");
    } else if (const auto all = store->all(); !all) {
        promise(one_line(all.error().message), "an error is one line");
    }
    away();
}

std::string results_seed()
{
    const std::filesystem::path file
        = std::filesystem::temp_directory_path() / fmt::format("pathloom-fuzz-seed-{}.db", ::getpid());
    {
        auto store = ResultStore::open(file);
        promise(store.has_value(), "a results file can be made");
        ProbeResult result;
        result.probe = "needle";
        result.contestant = "reader";
        result.recipe = {{"model", "m"}, {"document_tokens", 9}};
        result.answer = "7304918";
        promise(store->keep(result).has_value(), "a result can be kept");
    }
    std::string bytes = read_file(file).value();
    for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + part);
    return bytes;
}

void read_questions(std::string_view bytes)
{
    const auto questions = parse_question_file(std::string(bytes));
    if (!questions) return promise(one_line(questions.error().message), "an error is one line");
    promise(!questions->questions.empty(), "a question file holds questions");
    for (const CaseQuestion& one : questions->questions)
        promise(!one.question.empty() && !one.answers.empty(), "a question has words and answers");
}

void read_templates(std::string_view bytes)
{
    const auto templates = parse_needle_templates(std::string(bytes));
    if (!templates) return promise(one_line(templates.error().message), "an error is one line");
    std::set<std::string> taken;
    Rng rng(1);
    const auto needle = draw_needle(*templates, -1, taken, rng);
    promise(needle.has_value() && !needle->value.empty(), "templates give a needle");
}

void read_reader_recipe(std::string_view bytes)
{
    const auto recipe = parse_reader_recipe(std::string(bytes));
    if (!recipe) promise(one_line(recipe.error().message), "an error is one line");
}

void read_kept_recipe(std::string_view bytes)
{
    static const Tokenizer tokenizer = [] {
        const std::string text = "some words to train a tokenizer with, a b c d e f g h i j k l m n o p";
        const std::vector<std::string_view> texts{text};
        return Tokenizer::train(texts, {290, 1}).value();
    }();
    static const std::vector<std::int32_t> document = tokenizer.encode_ids("some words");
    const json recipe = json::parse(bytes, nullptr, false);
    const bool large = recipe.is_object() && recipe.contains("document_tokens") && recipe["document_tokens"].is_number_unsigned()
        && recipe["document_tokens"] > 100'000 && recipe["document_tokens"] < (std::uint64_t(1) << 33);
    if (large) return;  // a long document, not a damaged recipe
    const auto context = rebuild_context(recipe, tokenizer, document);
    if (!context) promise(one_line(context.error().message), "an error is one line");
}

std::string resource(const char* name)
{
    return read_file(resource_path(name).value()).value();
}

}  // namespace

const std::vector<Target>& targets()
{
    static const std::vector<Target> all{{"memory", read_memory, {memory_seed()}, 1000},
        {"results", read_results, {results_seed()}, 100},
        {"questions", read_questions,
            {R"([{"question":"Who?","answers":["Ann","Bob"],"answer_prefix":"It is"},{"question":"W?","answers":["x"]}])"}},
        {"needles", read_templates,
            {R"({"templates":[{"needle":"The code of {key} is {value}.","question":"What is the code of {key}?","answer_prefix":"It is"}],)"
             R"("keys":["Oslo","Lisbon"],"value":{"kind":"digits","length":7}})"}},
        {"reader_recipe", read_reader_recipe, {resource("readers/reader-s.json")}},
        {"kept_recipe", read_kept_recipe,
            {R"({"document_tokens":9,"insertions":[{"position":2,"text":"a b"},{"position":7,"text":"c"}]})"}}};
    return all;
}

}  // namespace pathloom::fuzz
