// SPDX-License-Identifier: GPL-3.0-or-later
// Fine-tuning with early stopping, then one pass over what is to be routed.
#include "engine/training/token_router.h"

#include "engine/model/kernels/optimizer.h"
#include "engine/training/inner_loop.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace pathloom {
namespace {

constexpr double LayerRate = 10.0;  // times the model's: it starts from nothing
constexpr int Patience = 3;

/// What comes out of the model, [cells, d] and a bias, with its moments.
struct Layer {
    std::size_t cells, d;
    std::vector<float> values, grads, m, v;

    Layer(std::size_t outputs, std::size_t width)
        : cells(outputs)
        , d(width)
        , values(outputs * (width + 1), 0.0f)
        , grads(values.size(), 0.0f)
        , m(values.size(), 0.0f)
        , v(values.size(), 0.0f)
    {
    }
    /// x = state / rms(state); returns 1 / rms.
    float normalise(const float* state, std::vector<float>& x) const
    {
        double squares = 0.0;
        for (std::size_t i = 0; i < d; ++i) squares += double(state[i]) * double(state[i]);
        const auto scale = float(1.0 / std::sqrt(squares / double(d) + 1e-6));
        x.resize(d);
        for (std::size_t i = 0; i < d; ++i) x[i] = state[i] * scale;
        return scale;
    }
    void score(const std::vector<float>& x, float* out) const
    {
        for (std::size_t c = 0; c < cells; ++c) {
            const float* w = values.data() + c * (d + 1);
            double sum = double(w[d]);
            for (std::size_t i = 0; i < d; ++i) sum += double(w[i]) * double(x[i]);
            out[c] = float(sum);
        }
    }
};

/// Softmax of `scores` in their place; returns -log of the label's part.
double softmax_loss(std::vector<float>& scores, int label)
{
    const float largest = *std::ranges::max_element(scores);
    double sum = 0.0;
    for (float& s : scores) sum += double(s = std::exp(s - largest));
    for (float& s : scores) s = float(double(s) / sum);
    return -std::log(std::max(1e-30, double(scores[std::size_t(label)])));
}

class Fit {
public:
    Fit(PathModel& model, const TaskData& data, std::span<const std::int32_t> labels, const v1::TaskSpec& spec)
        : m_model(model)
        , m_data(data)
        , m_labels(labels)
        , m_spec(spec)
        , m_first(std::max(spec.prefix(), 1))
        , m_windows((std::max(1, spec.sequence_length() - m_first) + spec.window() - 1) / spec.window())
        , m_layer(std::size_t(spec.cells()), std::size_t(model.spec().d_model))
        , m_state(zero_state(model.layout()))
    {
        for (std::size_t i = 0; i < data.subset().size(); ++i) m_index[data.subset()[i]] = i;
    }
    [[nodiscard]] int windows() const { return m_windows; }
    [[nodiscard]] bool labelled(std::int32_t row) const
    {
        const auto own = labels_of(row);
        return std::ranges::any_of(own, [](std::int32_t label) { return label >= 0; });
    }
    [[nodiscard]] std::int64_t tokens() const { return m_tokens; }

    Result<void> step(std::int64_t step, const std::vector<std::int32_t>& rows)
    {
        const TokenBatch batch = batch_of(m_data, rows);
        std::int64_t counted = 0;
        for (const std::int32_t row : rows)
            counted += std::ranges::count_if(labels_of(row), [](std::int32_t label) { return label >= 0; });
        if (counted == 0) return {};
        std::ranges::fill(m_layer.grads, 0.0f);
        const float share = 1.0f / float(counted);
        std::vector<float> x, p(m_layer.cells), dx(m_layer.d);
        const double loss
            = m_model.output_gradients(batch, [&](std::size_t first, std::span<const float> hidden, std::span<float> slopes) {
                  std::ranges::fill(slopes, 0.0f);
                  double sum = 0.0;
                  for (std::size_t i = 0; i < hidden.size() / m_layer.d; ++i) {
                      const std::size_t token = first + i, row = token / std::size_t(batch.sequence);
                      const int window = window_ending_at(int(token % std::size_t(batch.sequence)));
                      const int label = window < 0 ? -1 : labels_of(rows[row])[std::size_t(window)];
                      if (label < 0) continue;
                      const float scale = m_layer.normalise(hidden.data() + i * m_layer.d, x);
                      m_layer.score(x, p.data());
                      sum += softmax_loss(p, label);
                      p[std::size_t(label)] -= 1.0f;
                      slope_of(p, x, scale, share, dx, slopes.data() + i * m_layer.d);
                  }
                  return sum * double(share);
              });
        PATHLOOM_CHECK(apply_gradients(m_model, m_state, m_spec.inner(), step, loss));
        AdamWStep adamw{LayerRate * learning_rate(m_spec.inner(), step), m_spec.inner().beta1(), m_spec.inner().beta2(),
            m_spec.inner().eps(), m_spec.inner().weight_decay(), m_state.updates, 1.0};
        adamw_update(adamw, m_layer.values, m_layer.grads, m_layer.m, m_layer.v);
        return {};
    }

    /// Mean loss over the labels of `rows`.
    double score(const std::vector<std::int32_t>& rows)
    {
        double sum = 0.0;
        std::int64_t counted = 0;
        std::vector<float> p(m_layer.cells);
        for_states(m_data, rows, [&](std::size_t row, int window, const std::vector<float>& x) {
            const int label = labels_of(rows[row])[std::size_t(window)];
            if (label < 0) return;
            m_layer.score(x, p.data());
            sum += softmax_loss(p, label);
            ++counted;
        });
        return counted > 0 ? sum / double(counted) : 0.0;
    }

    std::vector<float> route(const TaskData& data)
    {
        std::vector<float> scores(data.subset().size() * std::size_t(m_windows) * m_layer.cells, 0.0f);
        for_states(data, data.subset(), [&](std::size_t row, int window, const std::vector<float>& x) {
            m_layer.score(x, scores.data() + (row * std::size_t(m_windows) + std::size_t(window)) * m_layer.cells);
        });
        return scores;
    }

    void keep() { m_best = {{m_model.parameters().begin(), m_model.parameters().end()}, m_layer.values}; }
    void restore()
    {
        std::ranges::copy(m_best.first, m_model.parameters().begin());
        m_layer.values = m_best.second;
    }

private:
    [[nodiscard]] std::span<const std::int32_t> labels_of(std::int32_t row) const
    {
        return m_labels.subspan(m_index.at(row) * std::size_t(m_windows), std::size_t(m_windows));
    }
    /// The window whose last token is at `position`; -1 when none ends there.
    [[nodiscard]] int window_ending_at(int position) const
    {
        const int read = position + 1 - m_first;
        return read > 0 && read % m_spec.window() == 0 ? read / m_spec.window() - 1 : -1;
    }
    TokenBatch batch_of(const TaskData& data, std::span<const std::int32_t> rows)
    {
        for (const std::int32_t row : rows) m_tokens += std::min<std::int64_t>(data.row(row).length, m_spec.sequence_length());
        return make_batch(data, rows, m_spec.sequence_length() + 1, 1);
    }
    /// each(index into rows, window, normalised state) for every full window.
    template <class Each>
    void for_states(const TaskData& data, const std::vector<std::int32_t>& rows, Each&& each)
    {
        std::vector<float> x;
        for (std::size_t begin = 0; begin < rows.size(); begin += std::size_t(m_spec.batch())) {
            const std::size_t count = std::min(std::size_t(m_spec.batch()), rows.size() - begin);
            const TokenBatch batch = batch_of(data, std::span(rows).subspan(begin, count));
            const auto hidden = m_model.hidden(batch);
            for (std::size_t r = 0; r < count; ++r) {
                const auto length = int(std::min<std::int64_t>(data.row(rows[begin + r]).length, m_spec.sequence_length()));
                for (int w = 0; w < m_windows && m_first + (w + 1) * m_spec.window() <= length; ++w) {
                    const std::size_t at = r * std::size_t(batch.sequence) + std::size_t(m_first + (w + 1) * m_spec.window() - 1);
                    m_layer.normalise(hidden.data() + at * m_layer.d, x);
                    each(begin + r, w, x);
                }
            }
        }
    }
    /// Adds the layer's gradients of one state; `p` holds d loss / d scores before it is shared out.
    void slope_of(
        const std::vector<float>& p, const std::vector<float>& x, float scale, float share, std::vector<float>& dx, float* slopes)
    {
        std::ranges::fill(dx, 0.0f);
        for (std::size_t c = 0; c < m_layer.cells; ++c) {
            const float slope = p[c] * share;
            const float* w = m_layer.values.data() + c * (m_layer.d + 1);
            float* grad = m_layer.grads.data() + c * (m_layer.d + 1);
            grad[m_layer.d] += slope;
            for (std::size_t i = 0; i < m_layer.d; ++i) grad[i] += slope * x[i], dx[i] += slope * w[i];
        }
        double inner = 0.0;  // back through x = state / rms(state)
        for (std::size_t i = 0; i < m_layer.d; ++i) inner += double(dx[i]) * double(x[i]);
        const auto mean = float(inner / double(m_layer.d));
        for (std::size_t i = 0; i < m_layer.d; ++i) slopes[i] = scale * (dx[i] - x[i] * mean);
    }

    PathModel& m_model;
    const TaskData& m_data;
    std::span<const std::int32_t> m_labels;
    const v1::TaskSpec& m_spec;
    int m_first, m_windows;
    Layer m_layer;
    InnerState m_state;
    std::map<std::int32_t, std::size_t> m_index;  // of a row in the subset
    std::pair<std::vector<float>, std::vector<float>> m_best;
    std::int64_t m_tokens = 0;
};

}  // namespace

Result<TokenRouterResult> train_token_router(
    PathModel& model, const TaskData& fit, std::span<const std::int32_t> labels, const TaskData& apply, const v1::TaskSpec& spec)
{
    if (spec.window() < 1 || spec.cells() < 2)
        return fail(
            ErrorCode::Usage, "a token router needs windows and at least 2 cells, got {} and {}", spec.window(), spec.cells());
    Fit work(model, fit, labels, spec);
    if (labels.size() != fit.subset().size() * std::size_t(work.windows()))
        return fail(ErrorCode::Corrupt, "the token router's labels are {} for {} sequences of {} windows", labels.size(),
            fit.subset().size(), work.windows());
    if (std::ranges::any_of(labels, [&](std::int32_t label) { return label >= spec.cells(); }))
        return fail(ErrorCode::Corrupt, "a label of the token router is not one of {} cells", spec.cells());
    std::vector<std::int32_t> train, held_out;
    for (const std::int32_t row : fit.subset()) {
        if (!work.labelled(row)) continue;
        ((train.size() + held_out.size()) % 5 == 4 ? held_out : train).push_back(row);
    }
    if (train.empty())
        return fail(ErrorCode::Usage,
            "no sequence has two windows of {} scored tokens; a token router cannot be fitted, train with a longer data.sequence",
            spec.window());
    if (held_out.empty()) held_out = train;

    TokenRouterResult result;
    result.windows = work.windows();
    result.held_out_nll = work.score(held_out);
    work.keep();
    DataOrder order(train, spec.data_seed());
    const std::int64_t pass = (std::int64_t(train.size()) + spec.batch() - 1) / spec.batch();
    int worse = 0;
    for (std::int64_t step = 0; step < spec.steps() && worse < Patience; ++step) {
        PATHLOOM_CHECK(work.step(step, order.rows_of(step, spec.batch())));
        if ((step + 1) % pass != 0 && step + 1 != spec.steps()) continue;
        const double nll = work.score(held_out);
        worse = nll < result.held_out_nll ? 0 : worse + 1;
        if (worse > 0) continue;
        result.held_out_nll = nll;
        result.steps = int(step + 1);
        work.keep();
    }
    work.restore();
    result.scores = work.route(apply);
    result.tokens = work.tokens();
    return result;
}

}  // namespace pathloom
