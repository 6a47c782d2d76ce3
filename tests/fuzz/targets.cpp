// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/targets.h"

#include "engine/cluster/task_key.h"
#include "engine/corpus/jsonl.h"
#include "engine/corpus/text.h"
#include "engine/model/presets.h"
#include "engine/model/spec.h"
#include "engine/routing/centroid_routers.h"
#include "engine/routing/linear_router.h"
#include "engine/store/safetensors.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace pathloom::fuzz {

namespace {

void promise(bool kept, const char* what)
{
    if (kept) return;
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
}

bool one_line(const std::string& message)
{
    return !message.empty() && message.find('\n') == std::string::npos;
}

void read_safetensors(std::string_view bytes)
{
    const auto span = std::as_bytes(std::span(bytes.data(), bytes.size()));
    const auto file = Safetensors::parse(span);
    if (!file) return promise(one_line(file.error().message), "an error is one line");
    for (const TensorView& tensor : file->tensors()) {
        promise(tensor.elements() >= 0 && std::size_t(tensor.elements()) * dtype_size(tensor.dtype) == tensor.data.size(),
            "a tensor has as many bytes as its shape says");
        promise(reinterpret_cast<std::uintptr_t>(tensor.data.data()) % dtype_size(tensor.dtype) == 0 || tensor.data.empty(),
            "a tensor is aligned to its element");
        unsigned sum = 0;
        for (const std::byte byte : tensor.data) sum += unsigned(byte);  // every byte can be read
        promise(sum <= 255U * tensor.data.size(), "bytes are bytes");
    }
}

void read_jsonl(std::string_view bytes)
{
    for_each_line(bytes, [](std::int64_t, std::string_view line) {
        const auto document = parse_record(line);
        if (!document) return promise(one_line(document.error().message), "an error is one line");
        promise(!why_not_text(document->text), "a document is text");
        promise(!document->text.empty(), "a document is not empty");
    });
}

void read_run_spec(std::string_view bytes)
{
    const auto spec = parse_run_spec(std::string(bytes));
    if (!spec) return promise(one_line(spec.error().message), "an error is one line");
    const std::string canonical = to_json(*spec);
    const auto again = parse_run_spec(canonical);
    promise(again.has_value() && to_json(*again) == canonical, "a spec reads back as it was written");
}

void read_task_id(std::string_view bytes)
{
    const auto task = parse_task_id(std::string(bytes));
    if (task) promise(task_id(task->run, task->key) == bytes, "only what task_id writes is a task id");
}

void read_router(std::string_view bytes)
{
    const auto router = load_router(std::as_bytes(std::span(bytes.data(), bytes.size())));
    if (!router) return promise(one_line(router.error().message), "an error is one line");
    FeatureMatrix z{std::vector<float>(std::size_t((*router)->feature_columns()), 0.5f), 1, (*router)->feature_columns()};
    const std::array<std::int32_t, 1> ids{7};
    const auto cells = (*router)->assign(z, ids);
    promise(cells.size() == 1 && cells[0] >= 0 && cells[0] < (*router)->cells(), "a router sends a sequence to one of its cells");
}

std::vector<std::string> router_seeds()
{
    FeatureMatrix z{{}, 8, 4};
    for (int i = 0; i < 32; ++i) z.values.push_back(float(i % 7) - float(i / 5));
    std::vector<std::string> seeds;
    const auto keep = [&](std::unique_ptr<Router> router) {
        router->set_bias(std::vector<float>(std::size_t(router->cells()), -0.5f));
        const auto bytes = router->serialise();
        seeds.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    for (const char* kind : {"kmeans", "product-kmeans", "random", "round-robin"})
        if (auto router = fit_router(kind, z, 4, 1, 2)) keep(std::move(*router));
    if (auto router = fit_linear_router(z, std::array{0, 1, 0, 1, 2, 2, 0, 1}, 3)) keep(std::move(*router));
    return seeds;
}

std::string safetensors_seed()
{
    const std::array<float, 6> weights{1, 2, 3, 4, 5, 6};
    const std::array<std::int32_t, 2> rows{7, 8};
    const std::array<TensorView, 4> tensors{TensorView{"w", DType::F32, {2, 3}, std::as_bytes(std::span(weights))},
        TensorView{"rows", DType::I32, {2}, std::as_bytes(std::span(rows))}, TensorView{"none", DType::BF16, {0, 4}, {}},
        TensorView{"wide", DType::U8, {0, INT64_MAX, INT64_MAX}, {}}};
    const auto bytes = write_safetensors(tensors, {{"format", "pt"}});
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::string> spec_seeds()
{
    std::vector<std::string> seeds{
        R"({"model":{"blocks":["full","window"]},"topology":{"levels":[{"modules":2,"blocks":[0,1]}]}})"};
    if (const auto spec = parse_run_spec(seeds.front())) seeds.push_back(to_json(*spec));
    return seeds;
}

}  // namespace

const std::vector<Target>& targets()
{
    static const std::vector<Target> all{{"safetensors", read_safetensors, {safetensors_seed()}},
        {"jsonl", read_jsonl,
            {"{\"text\":\"some text\",\"domain\":\"d\",\"source\":\"s\",\"split\":\"valid\"}\n{\"text\":\"caf\\u00e9 "
             "\\ud83d\\ude00\"}\r\n"}},
        {"run_spec", read_run_spec, spec_seeds()}, {"router", read_router, router_seeds()},
        {"task_id", read_task_id, {task_id(1, {}), task_id(12345678901, {7, Stage::ValidFull, 255, 3})}}};
    return all;
}

}  // namespace pathloom::fuzz
