// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/model/memory_model.h"

#include "engine/model/kernels/targets.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace pathloom {

namespace {

/// The k largest of `scores`, largest first; ties go to the earlier one.
std::vector<std::int32_t> best_of(std::span<const float> scores, std::size_t k)
{
    std::vector<std::pair<float, std::int32_t>> heap;  // smallest on top
    const auto worse
        = [](const auto& a, const auto& b) { return a.first > b.first || (a.first == b.first && a.second < b.second); };
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (heap.size() == k) {
            if (scores[i] <= heap.front().first) continue;
            std::pop_heap(heap.begin(), heap.end(), worse);
            heap.pop_back();
        }
        heap.emplace_back(scores[i], std::int32_t(i));
        std::push_heap(heap.begin(), heap.end(), worse);
    }
    std::sort_heap(heap.begin(), heap.end(), worse);
    std::vector<std::int32_t> out;
    for (const auto& [score, i] : heap) out.push_back(i);
    return out;
}

/// x becomes exp(factor x - top); the sum.
float exp_row(float* x, std::size_t n, float factor, float top)
{
    for (std::size_t i = 0; i < n; ++i) x[i] = factor * x[i] - top;
    exp_each(x, n, x);
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (std::size_t i = 0; i < n; ++i) sum += x[i];
    return sum;
}

constexpr float unreadable = -30.0f;  // a cosine so low that exp(scale * cosine) vanishes

/// Mean loss over the rows `asked` whose class is told; `logits` become the gradient.
void selection_loss(
    std::span<const std::int32_t> classes, std::span<const std::int32_t> asked, std::vector<float>& logits, ReaderLoss& loss)
{
    if (asked.empty() || logits.empty()) return;
    const std::size_t n = logits.size() / asked.size();
    const auto told = [&](std::size_t r) { return classes.empty() ? -1 : classes[std::size_t(asked[r])]; };
    for (std::size_t r = 0; r < asked.size(); ++r) loss.selected += told(r) >= 0 ? 1 : 0;
    for (std::size_t r = 0; r < asked.size(); ++r) {
        float* row = logits.data() + r * n;
        const std::int32_t right = told(r);
        if (right < 0) {
            std::fill_n(row, n, 0.0f);
            continue;
        }
        const auto best = std::max_element(row, row + n);
        loss.selected_right += best - row == right ? 1 : 0;
        const float top = *best;
        float sum = 0.0f;
        for (std::size_t c = 0; c < n; ++c) sum += row[c] = std::exp(row[c] - top);
        loss.selection -= std::log(double(row[right]) / double(sum)) / double(loss.selected);
        for (std::size_t c = 0; c < n; ++c)
            row[c] = (row[c] / sum - (std::int32_t(c) == right ? 1.0f : 0.0f)) / float(loss.selected);
    }
}

}  // namespace

struct MemoryModel::Impl {
    ReaderSpec spec;
    ReaderLayout layout;
    ReaderProducts gemm;
    WindowEncoder encoder;
    MemoryReader reader;
    std::vector<float> values, grads;
    WindowTape context_tape, question_tape, infer_tape;
    KeyTape key_tape;
    ReadTape read_tape;

    Impl(const ReaderSpec& model, std::vector<float> weights, Precision precision)
        : spec(model)
        , layout(model)
        , gemm(precision)
        , encoder(model)
        , reader(model)
        , values(std::move(weights))
    {
    }

    [[nodiscard]] BagShape bag_shape(bool query, int rows, int sequence) const
    {
        return {rows, sequence, spec.d_model, float(query ? spec.query_decay : spec.key_decay), query ? 0 : spec.window};
    }
    /// Bags of every position of `tokens` [rows, sequence].
    void bags(const ReaderParameters& p, bool query, int rows, int sequence, std::span<const std::int32_t> tokens,
        std::vector<float>& out)
    {
        out.resize(tokens.size() * std::size_t(spec.d_model));
        bag_forward(bag_shape(query, rows, sequence), tokens, p.at(layout.at("embedding")), p.at(layout.at("memory.salience")),
            out.data());
    }

    [[nodiscard]] ReaderParameters parameters() const { return {values.data()}; }

    // -log of the sources' share of a softmax over a row of cosines; the row becomes weight * d loss / d cosine.
    double retrieval_row(std::span<float> cosines, std::span<const std::int32_t> sources, float factor, float weight)
    {
        float best = cosines[0];
        for (const float c : cosines) best = std::max(best, c);
        double dscale = 0.0;
        std::vector<float> own;
        for (const std::int32_t s : sources) own.push_back(cosines[std::size_t(s)]);
        float all = exp_row(cosines.data(), cosines.size(), factor, factor * best);
        float wanted = 0.0f;
        for (const std::int32_t s : sources) wanted += cosines[std::size_t(s)];
        wanted = std::max(wanted, 1e-30f);
        // cosines now holds e = exp(logit - top); sum of d loss/d logit * logit needs the logits back: logit = log e + top.
        const float inverse = weight / all;
        float e_log = 0.0f;
        for (const float e : cosines) e_log += e > 1e-30f ? e * std::log(e) : 0.0f;
        dscale += double(e_log) * inverse + double(weight) * factor * best;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            const float e = cosines[std::size_t(sources[i])];
            dscale -= double(weight) * e / wanted * factor * own[i];
        }
        std::vector<float> pull;
        for (const std::int32_t s : sources) pull.push_back(weight * cosines[std::size_t(s)] / wanted);
        for (float& e : cosines) e *= inverse * factor;
        for (std::size_t i = 0; i < sources.size(); ++i) cosines[std::size_t(sources[i])] -= pull[i] * factor;
        grads[reader.log_scale_offset()] += float(dscale);
        return -std::log(double(wanted) / double(all));
    }

    ReaderLoss train(const ReaderBatch& batch, double retrieval_weight, double lead_weight, const KeyBank* bank, KeyBank* fresh);
};

ReaderLoss MemoryModel::Impl::train(
    const ReaderBatch& batch, double retrieval_weight, double lead_weight, const KeyBank* bank, KeyBank* fresh)
{
    const auto d = std::size_t(spec.d_model), w = std::size_t(spec.key_dim), k = std::size_t(spec.top_k);
    const ReaderParameters p = parameters();
    grads.assign(values.size(), 0.0f);
    encoder.forward(p, gemm, batch.contexts, batch.context_length, batch.context, true, context_tape);
    encoder.forward(p, gemm, batch.questions, batch.question_length, batch.question, true, question_tape);

    // Memory rows: every context position that has a next token.
    std::vector<std::int32_t> row_of(batch.context.size(), -1), position_of, token_of;
    for (int c = 0; c < batch.contexts; ++c) {
        for (int i = 0; i + 1 < batch.context_sizes[std::size_t(c)]; ++i) {
            const int at = c * batch.context_length + i;
            row_of[std::size_t(at)] = std::int32_t(position_of.size());
            position_of.push_back(at);
            token_of.push_back(batch.context[std::size_t(at) + 1]);
        }
    }
    const std::size_t own = position_of.size(), banked = bank ? bank->tokens.size() : 0, all = own + banked;
    key_tape.rows = int(own);
    key_tape.x.resize(own * d);
    key_tape.bag.resize(own * d);
    std::vector<float> context_bags, question_bags;
    bags(p, false, batch.contexts, batch.context_length, batch.context, context_bags);
    bags(p, true, batch.questions, batch.question_length, batch.question, question_bags);
    for (std::size_t r = 0; r < own; ++r) {
        std::copy_n(context_tape.out.data() + std::size_t(position_of[r]) * d, d, key_tape.x.data() + r * d);
        std::copy_n(context_bags.data() + std::size_t(position_of[r]) * d, d, key_tape.bag.data() + r * d);
    }
    reader.write(p, gemm, key_tape);

    std::vector<std::int32_t> asked, targets;
    for (std::size_t i = 0; i < batch.targets.size(); ++i) {
        if (batch.targets[i] < 0) continue;
        asked.push_back(std::int32_t(i));
        targets.push_back(batch.targets[i]);
    }
    ReaderLoss loss;
    const std::size_t n = asked.size();
    loss.targets = std::int64_t(n);
    if (n == 0) return loss;
    ReadTape& read = read_tape;
    read.rows = int(n);
    read.x.resize(n * d);
    read.bag.resize(n * d);
    for (std::size_t r = 0; r < n; ++r) {
        std::copy_n(question_tape.out.data() + std::size_t(asked[r]) * d, d, read.x.data() + r * d);
        std::copy_n(question_bags.data() + std::size_t(asked[r]) * d, d, read.bag.data() + r * d);
    }
    reader.query(p, gemm, read);

    std::vector<float> scores(n * own), bank_scores(n * banked), row(all);
    gemm.nt(int(n), int(own), int(w), read.queries.data(), key_tape.keys.data(), scores.data());
    if (banked > 0) gemm.nt(int(n), int(banked), int(w), read.queries.data(), bank->keys.data(), bank_scores.data());
    read.found.assign(n, 0);
    read.tokens.assign(n * k, 0);
    read.cosine.assign(n * k, 0.0f);
    std::vector<std::int32_t> rows_read(n * k, 0);
    const float factor = reader.scale(p);
    std::size_t source = 0, excluded = 0;
    const auto leads = [&](std::int32_t i) { return i % batch.question_length == 0 || batch.targets[std::size_t(i) - 1] < 0; };
    double weights = 0.0;
    for (std::size_t i = 0; i < batch.sources.size(); ++i) {
        if (i > 0 && batch.sources[i].first == batch.sources[i - 1].first) continue;
        ++loss.sourced;
        weights += leads(batch.sources[i].first) ? lead_weight : 1.0;
    }
    for (std::size_t r = 0; r < n; ++r) {
        std::copy_n(scores.data() + r * own, own, row.data());
        std::copy_n(bank_scores.data() + r * banked, banked, row.data() + own);
        while (excluded < batch.excluded.size() && batch.excluded[excluded].first < asked[r]) ++excluded;
        for (; excluded < batch.excluded.size() && batch.excluded[excluded].first == asked[r]; ++excluded) {
            const std::int32_t at = row_of[std::size_t(batch.excluded[excluded].second)];
            if (at < 0) throw std::logic_error("an excluded row outside the documents");
            row[std::size_t(at)] = unreadable;
        }
        const std::vector<std::int32_t> best = best_of(row, k);
        read.found[r] = std::int32_t(best.size());
        for (std::size_t j = 0; j < best.size(); ++j) {
            const auto at = std::size_t(best[j]);
            rows_read[r * k + j] = best[j];
            read.tokens[r * k + j] = at < own ? token_of[at] : bank->tokens[at - own];
            read.cosine[r * k + j] = row[at];
        }
        std::vector<std::int32_t> sources;
        while (source < batch.sources.size() && batch.sources[source].first < asked[r]) ++source;
        for (; source < batch.sources.size() && batch.sources[source].first == asked[r]; ++source) {
            const std::int32_t at = row_of[std::size_t(batch.sources[source].second)];
            if (at < 0) throw std::logic_error("a source outside the documents");
            sources.push_back(at);
        }
        if (sources.empty()) {
            std::fill_n(scores.data() + r * own, own, 0.0f);
            std::fill_n(bank_scores.data() + r * banked, banked, 0.0f);
            continue;
        }
        const bool hit = !best.empty() && std::ranges::find(sources, best.front()) != sources.end(), lead = leads(asked[r]);
        loss.first += hit ? 1 : 0;
        loss.leads += lead ? 1 : 0;
        loss.leads_first += lead && hit ? 1 : 0;
        const double share = (lead ? lead_weight : 1.0) / weights;
        loss.retrieval += share * retrieval_row(row, sources, factor, float(retrieval_weight * share));
        std::copy_n(row.data(), own, scores.data() + r * own);
        std::copy_n(row.data() + own, banked, bank_scores.data() + r * banked);
    }
    reader.mix(p, gemm, read);

    std::vector<float> nll, dcosine, dx;
    reader.mix_backward(p, gemm, read, targets, nll, dcosine, dx, grads.data());
    for (const float x : nll) loss.nll += double(x);
    loss.nll /= double(n);
    for (std::size_t r = 0; r < n; ++r) {
        for (std::size_t j = 0; j < std::size_t(read.found[r]); ++j) {
            const auto at = std::size_t(rows_read[r * k + j]);
            (at < own ? scores[r * own + at] : bank_scores[r * banked + at - own]) += dcosine[r * k + j];
        }
    }
    std::vector<float> dqueries(n * w), dkeys(own * w);
    gemm.nn(int(n), int(w), int(own), scores.data(), key_tape.keys.data(), dqueries.data());
    if (banked > 0) gemm.nn(int(n), int(w), int(banked), bank_scores.data(), bank->keys.data(), dqueries.data(), true);
    gemm.tn(int(own), int(w), int(n), scores.data(), read.queries.data(), dkeys.data());
    if (fresh) {
        fresh->keys = key_tape.keys;
        fresh->tokens = token_of;
    }
    selection_loss(batch.selections, asked, read.selection, loss);
    reader.query_backward(p, gemm, read, dqueries, read.selection, dx, grads.data());
    std::vector<float> dstates(batch.question.size() * d, 0.0f);
    for (std::size_t r = 0; r < n; ++r) std::copy_n(dx.data() + r * d, d, dstates.data() + std::size_t(asked[r]) * d);
    encoder.backward(p, gemm, question_tape, dstates, grads.data());
    const std::size_t embedding = layout.at("embedding"), salience = layout.at("memory.salience");
    const auto bag_gradients = [&](bool query, int rows, int sequence, std::span<const std::int32_t> tokens,
                                   std::span<const float> dbags, std::span<const std::int32_t> places) {
        std::vector<float> dout(tokens.size() * d, 0.0f);
        for (std::size_t r = 0; r < places.size(); ++r)
            std::copy_n(dbags.data() + r * d, d, dout.data() + std::size_t(places[r]) * d);
        bag_backward(bag_shape(query, rows, sequence), tokens, p.at(embedding), p.at(salience), dout.data(),
            grads.data() + embedding, grads.data() + salience);
    };
    bag_gradients(true, batch.questions, batch.question_length, batch.question, read.bag, asked);

    reader.write_backward(p, gemm, key_tape, dkeys, grads.data());
    bag_gradients(false, batch.contexts, batch.context_length, batch.context, key_tape.bag, position_of);
    dstates.assign(batch.context.size() * d, 0.0f);
    for (std::size_t r = 0; r < own; ++r)
        std::copy_n(key_tape.x.data() + r * d, d, dstates.data() + std::size_t(position_of[r]) * d);
    encoder.backward(p, gemm, context_tape, dstates, grads.data());
    return loss;
}

Result<MemoryModel> MemoryModel::create(const ReaderSpec& spec, std::vector<float> values, Precision precision)
{
    PATHLOOM_CHECK(validate(spec));
    if (values.size() != ReaderLayout(spec).size())
        return fail(
            ErrorCode::Usage, "a reader of this shape has {} parameters, got {}", ReaderLayout(spec).size(), values.size());
    return MemoryModel(std::make_unique<Impl>(spec, std::move(values), precision));
}

MemoryModel::MemoryModel(std::unique_ptr<Impl> impl)
    : m_impl(std::move(impl))
{
}
MemoryModel::MemoryModel(MemoryModel&&) noexcept = default;
MemoryModel& MemoryModel::operator=(MemoryModel&&) noexcept = default;
MemoryModel::~MemoryModel() = default;

const ReaderSpec& MemoryModel::spec() const
{
    return m_impl->spec;
}
const ReaderLayout& MemoryModel::layout() const
{
    return m_impl->layout;
}
std::span<float> MemoryModel::parameters()
{
    return m_impl->values;
}
std::span<const float> MemoryModel::gradients() const
{
    return m_impl->grads;
}

ReaderLoss MemoryModel::loss_and_gradients(
    const ReaderBatch& batch, double retrieval_weight, double lead_weight, const KeyBank* bank, KeyBank* fresh)
{
    return m_impl->train(batch, retrieval_weight, lead_weight, bank, fresh);
}

void MemoryModel::keys(std::span<const std::int32_t> tokens, std::vector<float>& out)
{
    Impl& m = *m_impl;
    const ReaderParameters p = m.parameters();
    m.encoder.forward(p, m.gemm, 1, int(tokens.size()), tokens, false, m.infer_tape);
    const std::size_t n = tokens.size() * std::size_t(m.spec.d_model);
    m.key_tape.rows = int(tokens.size());
    m.key_tape.x.assign(m.infer_tape.out.begin(), m.infer_tape.out.begin() + std::ptrdiff_t(n));
    m.bags(p, false, 1, int(tokens.size()), tokens, m.key_tape.bag);
    m.reader.write(p, m.gemm, m.key_tape);
    out = m.key_tape.keys;
}

ReaderQuery MemoryModel::query(std::span<const std::int32_t> tokens)
{
    Impl& m = *m_impl;
    if (tokens.empty()) throw std::logic_error("a query needs at least one token");
    const ReaderParameters p = m.parameters();
    m.encoder.forward(p, m.gemm, 1, int(tokens.size()), tokens, false, m.infer_tape);
    const auto d = std::size_t(m.spec.d_model);
    const float* last = m.infer_tape.out.data() + (tokens.size() - 1) * d;
    ReadTape read;
    read.rows = 1;
    read.x.assign(last, last + d);
    std::vector<float> bags;
    m.bags(p, true, 1, int(tokens.size()), tokens, bags);
    read.bag.assign(bags.end() - std::ptrdiff_t(d), bags.end());
    m.reader.query(p, m.gemm, read);
    return {std::move(read.x), std::move(read.queries), read.null_logit[0], std::move(read.selection)};
}

ReaderPrediction MemoryModel::predict(const ReaderQuery& query, std::span<const MemoryHit> hits)
{
    Impl& m = *m_impl;
    const auto k = std::size_t(m.spec.top_k);
    if (hits.size() > k) throw std::logic_error("more hits than the reader reads");
    const ReaderParameters p = m.parameters();
    ReadTape read;
    read.rows = 1;
    read.x = query.state;
    read.null_logit = {query.null_logit};
    read.found = {std::int32_t(hits.size())};
    read.tokens.assign(k, 0);
    read.cosine.assign(k, 0.0f);
    for (std::size_t j = 0; j < hits.size(); ++j) {
        read.tokens[j] = hits[j].token;
        read.cosine[j] = hits[j].cosine;
    }
    m.reader.mix(p, m.gemm, read);
    ReaderPrediction out;
    out.gate = read.gate[0];
    out.nothing = read.p[k];
    out.mass.assign(read.copy.begin(), read.copy.begin() + std::ptrdiff_t(hits.size()));
    const float top = *std::ranges::max_element(read.logits);
    float sum = 0.0f;
    for (float& x : read.logits) sum += x = std::exp(x - top);
    for (float& x : read.logits) x *= (1.0f - out.gate) / sum;
    for (std::size_t j = 0; j < hits.size(); ++j) read.logits[std::size_t(hits[j].token)] += out.gate * out.mass[j];
    out.probability = std::move(read.logits);
    return out;
}

}  // namespace pathloom
