// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/targets.h"

#include "engine/cluster/task_key.h"
#include "engine/core/blob_wire.h"
#include "engine/core/files.h"
#include "engine/core/hash.h"
#include "engine/corpus/jsonl.h"
#include "engine/corpus/text.h"
#include "engine/media/frame_reader.h"
#include "engine/media/media_facts.h"
#include "engine/media/subtitle_tracks.h"
#include "engine/model/presets.h"
#include "engine/model/spec.h"
#include "engine/routing/centroid_routers.h"
#include "engine/routing/linear_router.h"
#include "engine/store/blob_journal.h"
#include "engine/store/safetensors.h"
#include "plugins/epub/epub_document.h"
#include "plugins/html/html_document.h"
#include "plugins/openai/openai_reply.h"
#include "plugins/pdf/pdf_document.h"
#include "plugins/subtitles/subtitles_document.h"
#include "plugins/text/text_document.h"
#include "tests/fuzz/promises.h"
#include "tests/samples/documents.h"
#include "tests/samples/film.h"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdint>

namespace pathloom::fuzz {

namespace {

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

/// An importer's parser over a whole file.
template <Result<void> (*parse)(std::string_view, const SegmentSink&)>
void read_with(std::string_view bytes)
{
    std::size_t text = 0;
    const auto done = parse(bytes, [&](Segment&& segment) {
        promise(!segment.text.empty() && !why_not_text(segment.text), "a segment is text");
        promise(!first_invalid_utf8(segment.where.section), "a section's name is text");
        text += segment.text.size();
        return true;
    });
    if (!done) return promise(one_line(done.error().message), "an error is one line");
    promise(text > 0, "a document that was read has text");
}

void read_openai(std::string_view bytes)
{
    for (const long status : {200L, 401L, 429L, 500L}) {
        const EndpointReply reply = read_openai_reply(status, bytes);
        if (reply.kind == EndpointReply::Kind::Answered) {
            promise(status == 200 && reply.tokens >= -1, "only success is an answer");
        } else {
            promise(one_line(reply.text), "an error is one line");
        }
    }
}

void read_segment(std::string_view bytes)
{
    const auto segment = parse_segment(bytes);
    if (!segment) return promise(one_line(segment.error().message), "an error is one line");
    promise(parse_segment(to_json_line(*segment)) == segment, "a segment reads back as it was written");
}

void read_blob_journal(std::string_view bytes)
{
    const auto content = read_journal(std::as_bytes(std::span(bytes.data(), bytes.size())));
    if (!content) return;
    std::size_t sum = 0;
    for (const JournaledBlob& blob : content->blobs) {
        promise(sha256_hex(blob.bytes) == blob.hash, "a blob has the hash it is stored under");
        sum += blob.bytes.size();
    }
    promise(sum <= bytes.size(), "blobs do not overlap");
}

std::string journal_seed()
{
    std::string file = "pathloom journal 1\n" + std::string(64, 'b');
    for (const std::string text : {"first", "", "another"})
        write_journal_record({sha256_hex(text), std::as_bytes(std::span(text))}, file);
    return file;
}

/// A chunk as it may arrive: in slices of any size. What it says must be what protobuf's own reader finds.
void read_chunk(std::string_view bytes)
{
    if (bytes.empty()) return;
    const std::size_t step = 1 + std::size_t(static_cast<unsigned char>(bytes.front())) % 97;
    const std::string_view message = bytes.substr(1);
    std::vector<grpc::Slice> slices;
    for (std::size_t at = 0; at < message.size(); at += step) slices.emplace_back(std::string(message.substr(at, step)));
    const auto buffer = std::make_shared<grpc::ByteBuffer>(slices.data(), slices.size());
    BlobChunkHead head;
    std::string data;
    int heads = 0;
    const auto read = read_blob_chunk(
        buffer,
        [&](const BlobChunkHead& found) -> Result<void> {
            head = found;
            ++heads;
            return {};
        },
        [&](const BlobPiece& piece) -> Result<void> {
            promise(heads == 1, "the head comes before the data");
            data.append(reinterpret_cast<const char*>(piece.bytes.data()), piece.bytes.size());
            return {};
        });
    if (!read) return promise(one_line(read.error().message), "an error is one line");
    promise(heads == 1, "a chunk has one head");
    v1::BlobChunk chunk;
    if (!chunk.ParseFromArray(message.data(), int(message.size()))) return;  // protobuf also refuses text that is not UTF-8
    promise(chunk.hash() == head.hash && chunk.total() == head.total && chunk.data() == data, "both readers agree");
}

/// A container and its pictures. libav itself is not instrumented: what is tried is how we use it.
void read_container(std::string_view bytes)
{
    const UniqueFd file(::memfd_create("film", MFD_CLOEXEC));
    if (!write_all(file.get(), std::as_bytes(std::span(bytes)), "film")) return;
    const std::string path = fmt::format("/proc/self/fd/{}", file.get());
    const auto facts = media_facts(path);
    if (!facts) promise(one_line(facts.error().message), "an error is one line");
    auto frames = FrameReader::open(path, 1);
    if (!frames) return promise(one_line(frames.error().message), "an error is one line");
    for (const double seconds : {0.0, 1.0, 12.0, 0.5}) {
        const auto there = frames->go_to(seconds);
        if (!there) return promise(one_line(there.error().message), "an error is one line");
        const Picture picture = frames->picture(1, 0, 60);
        promise(picture.bytes.size() == picture.row_bytes() * std::size_t(picture.height), "a picture is whole");
    }
    (void)read_subtitle_tracks(path, [](double) { return true; });
}

std::vector<std::string> film_seeds()
{
    std::vector<std::string> seeds;
    const std::filesystem::path folder = std::filesystem::temp_directory_path();
    for (const char* ending : {".mkv", ".mp4", ".avi"}) {
        const auto file = folder / fmt::format("pathloom-film-seed-{}{}", ::getpid(), ending);
        test::FilmSpec spec{.width = 64, .height = 48, .seconds = 2.0, .fps = 4.0, .key_every = 3, .b_frames = 1};
        if (seeds.empty()) spec.cues = {{0.5, 1.0, "Hello"}};
        test::film(file, spec);
        seeds.push_back(read_file(file).value_or(""));
        std::filesystem::remove(file);
    }
    return seeds;
}

std::vector<std::string> chunk_seeds()
{
    v1::BlobChunk chunk;
    chunk.set_data("some bytes of a later chunk");
    const std::string later = chunk.SerializeAsString();
    chunk.set_hash(std::string(64, 'a'));
    chunk.set_total(1'000'000);
    return {"\x07" + chunk.SerializeAsString(), "\x60" + later};
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
    static const std::vector<Target> all{{"text", read_with<read_text>, {"# One\n\nwords\n\nTwo\n---\n```\n# code\n```\nend\n"}},
        {"html", read_with<read_html>,
            {"<html><head><meta charset=utf-8></head><body><h1>One</h1><p>a &amp; b<pre> "
             "x\n</pre><table><tr><td>c</table></body></html>"}},
        {"epub", read_with<read_epub>, {test::epub({{"a.xhtml", "<h1>One</h1><p>words</p>"}, {"b.xhtml", "<p>more</p>"}})}},
        {"pdf", read_with<read_pdf>, {test::pdf({"one page", "and another"})}},
        {"subtitles", read_with<read_subtitles>,
            {"1\n00:00:01,500 --> 00:00:02,000\n<i>Hello</i>\n\n2\n01:02:03.5 --> 01:02:04.0\nBye\n",
                "WEBVTT\n\nx\n00:10.000 --> 00:12.000\nHi\n"}},
        {"film", read_container, film_seeds(), 60},
        {"openai", read_openai,
            {R"({"choices":[{"message":{"role":"assistant","content":"It is 7."}}],"usage":{"total_tokens":900}})",
                R"({"error":{"message":"no such model","type":"invalid"}})"}},
        {"segment", read_segment, {to_json_line({"text", {3, "A / B", 7, 1.25}})}},
        {"safetensors", read_safetensors, {safetensors_seed()}},
        {"jsonl", read_jsonl,
            {"{\"text\":\"some text\",\"domain\":\"d\",\"source\":\"s\",\"split\":\"valid\"}\n{\"text\":\"caf\\u00e9 "
             "\\ud83d\\ude00\"}\r\n"}},
        {"run_spec", read_run_spec, spec_seeds()}, {"router", read_router, router_seeds()},
        {"blob_chunk", read_chunk, chunk_seeds()}, {"blob_journal", read_blob_journal, {journal_seed()}},
        {"task_id", read_task_id, {task_id(1, {}), task_id(12345678901, {7, Stage::ValidFull, 255, 3})}}};
    return all;
}

}  // namespace pathloom::fuzz
