// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/routing/linear_router.h"

#include "engine/model/kernels/simd.h"
#include "engine/routing/features.h"

#include <lbfgs.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace pathloom {
namespace {

constexpr std::array penalties{0.001, 0.01, 0.1, 1.0};
constexpr std::int64_t fold = 5;

PATHLOOM_CLONES double dot(const double* __restrict w, const float* __restrict x, int n)
{
    constexpr int lanes = 8;
    std::array<double, lanes> lane{};
    const int whole = n - n % lanes;
    for (int i = 0; i < whole; i += lanes)
        for (int j = 0; j < lanes; ++j) lane[std::size_t(j)] += w[i + j] * double(x[i + j]);
    for (int i = whole; i < n; ++i) lane[std::size_t(i - whole)] += w[i] * double(x[i]);
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

PATHLOOM_CLONES void add_scaled(double* __restrict out, const float* __restrict x, double scale, int n)
{
    for (int i = 0; i < n; ++i) out[i] += scale * double(x[i]);
}

/// Rows of a fit; weights are [cells, d] and then [cells] biases.
struct Problem {
    const FeatureMatrix& x;
    std::span<const int> labels;
    std::vector<std::int64_t> rows;
    int cells;
    double penalty;
};

/// Log-probabilities of one row into `logits`.
void log_probabilities(const Problem& p, const double* weights, std::int64_t row, std::span<double> logits)
{
    const int d = p.x.columns;
    const double* bias = weights + std::size_t(p.cells) * std::size_t(d);
    double top = -1e300;
    for (int k = 0; k < p.cells; ++k) {
        logits[std::size_t(k)] = dot(weights + std::size_t(k) * std::size_t(d), p.x.row(row).data(), d) + bias[k];
        top = std::max(top, logits[std::size_t(k)]);
    }
    double sum = 0;
    for (const double v : logits) sum += std::exp(v - top);
    const double log_sum = top + std::log(sum);
    for (double& v : logits) v -= log_sum;
}

lbfgsfloatval_t evaluate(void* instance, const lbfgsfloatval_t* weights, lbfgsfloatval_t* gradient, int n, lbfgsfloatval_t)
{
    const Problem& p = *static_cast<const Problem*>(instance);
    const int d = p.x.columns;
    const std::size_t matrix = std::size_t(p.cells) * std::size_t(d);
    std::fill_n(gradient, n, 0.0);
    std::vector<double> logits(std::size_t(p.cells));
    const double scale = 1.0 / double(p.rows.size());
    double loss = 0;
    for (const std::int64_t row : p.rows) {
        log_probabilities(p, weights, row, logits);
        const int label = p.labels[std::size_t(row)];
        loss -= scale * logits[std::size_t(label)];
        for (int k = 0; k < p.cells; ++k) {
            const double g = scale * (std::exp(logits[std::size_t(k)]) - (k == label ? 1.0 : 0.0));
            add_scaled(gradient + std::size_t(k) * std::size_t(d), p.x.row(row).data(), g, d);
            gradient[matrix + std::size_t(k)] += g;
        }
    }
    for (std::size_t i = 0; i < matrix; ++i) {
        loss += 0.5 * p.penalty * weights[i] * weights[i];
        gradient[i] += p.penalty * weights[i];
    }
    return loss;
}

std::vector<double> solve(Problem& problem)
{
    const auto n = std::size_t(problem.cells) * std::size_t(problem.x.columns + 1);
    const std::unique_ptr<lbfgsfloatval_t, decltype(&lbfgs_free)> weights(lbfgs_malloc(int(n)), &lbfgs_free);
    std::fill_n(weights.get(), n, 0.0);
    lbfgs_parameter_t parameters;
    lbfgs_parameter_init(&parameters);
    parameters.epsilon = 1e-4;
    parameters.past = 5;  // a loss that has stopped falling ends it too
    parameters.delta = 1e-7;
    parameters.max_iterations = 300;
    // The loss is convex and smooth: whatever the code it ends with, the weights are the best ones met.
    lbfgs(int(n), weights.get(), nullptr, &evaluate, nullptr, &problem, &parameters);
    return std::vector<double>(weights.get(), weights.get() + n);
}

class LinearRouter final : public Router {
public:
    LinearRouter(std::vector<float> mean, std::vector<float> scale, std::vector<float> weights, std::vector<float> intercept)
        : m_mean(std::move(mean))
        , m_scale(std::move(scale))
        , m_weights(std::move(weights))
        , m_intercept(std::move(intercept))
    {
    }
    [[nodiscard]] std::string kind() const override { return "discriminative"; }
    [[nodiscard]] int cells() const override { return int(m_intercept.size()); }
    [[nodiscard]] int feature_columns() const override { return int(m_mean.size()); }

protected:
    void raw_score(std::span<const float> z, std::int32_t, std::span<float> out) const override
    {
        const std::size_t d = m_mean.size();
        for (std::size_t k = 0; k < out.size(); ++k) {
            double sum = double(m_intercept[k]);
            for (std::size_t j = 0; j < d; ++j)
                sum += double(m_weights[k * d + j]) * (double(z[j] - m_mean[j]) * double(m_scale[j]));
            out[k] = float(sum);
        }
    }
    void describe(std::vector<TensorView>& tensors, std::map<std::string, std::string>& metadata) const override
    {
        const auto d = std::int64_t(m_mean.size());
        tensors.push_back({"mean", DType::F32, {d}, std::as_bytes(std::span(m_mean))});
        tensors.push_back({"scale", DType::F32, {d}, std::as_bytes(std::span(m_scale))});
        tensors.push_back({"weights", DType::F32, {cells(), d}, std::as_bytes(std::span(m_weights))});
        tensors.push_back({"intercept", DType::F32, {cells()}, std::as_bytes(std::span(m_intercept))});
        metadata["cells"] = std::to_string(cells());
        metadata["normalise"] = "centre,scale";
    }

private:
    std::vector<float> m_mean, m_scale, m_weights, m_intercept;
};

/// 1 / standard deviation of each column; 0 for a column that is constant.
std::vector<float> column_scales(const FeatureMatrix& z, std::span<const float> mean)
{
    std::vector<double> squares(std::size_t(z.columns), 0.0);
    for (std::int64_t i = 0; i < z.rows; ++i)
        for (std::size_t j = 0; j < squares.size(); ++j) {
            const double x = double(z.row(i)[j]) - double(mean[j]);
            squares[j] += x * x;
        }
    std::vector<float> out;
    for (const double sum : squares) out.push_back(sum > 0 ? float(1.0 / std::sqrt(sum / double(z.rows))) : 0.0f);
    return out;
}

void judge(const Problem& problem, const std::vector<double>& weights, std::span<const std::int64_t> rows, LinearFit& fit)
{
    std::vector<double> logits(std::size_t(problem.cells));
    fit.held_out_nll = 0;
    std::size_t right = 0;
    for (const std::int64_t row : rows) {
        log_probabilities(problem, weights.data(), row, logits);
        const auto label = std::size_t(problem.labels[std::size_t(row)]);
        fit.held_out_nll -= logits[label] / double(rows.size());
        if (std::size_t(std::ranges::max_element(logits) - logits.begin()) == label) ++right;
    }
    fit.held_out_accuracy = double(right) / double(rows.size());
}

}  // namespace

Result<std::unique_ptr<Router>> fit_linear_router(
    const FeatureMatrix& z, std::span<const int> labels, int cells, LinearFit* report)
{
    if (z.rows < 1 || z.columns < 1 || cells < 1 || std::int64_t(labels.size()) != z.rows)
        return fail(ErrorCode::Usage,
            "a discriminative router needs one label for each of its {} sequences, got {}; set routing.router_data higher",
            z.rows, labels.size());
    for (const int label : labels)
        if (label < 0 || label >= cells) return fail(ErrorCode::Usage, "label {} is none of {} cells", label, cells);
    PATHLOOM_CHECK(check_finite(z));
    std::vector<float> mean = column_means(z), scale = column_scales(z, mean);
    FeatureMatrix x{std::vector<float>(z.values.size()), z.rows, z.columns};
    for (std::size_t i = 0; i < x.values.size(); ++i) {
        const std::size_t j = i % std::size_t(z.columns);
        x.values[i] = (z.values[i] - mean[j]) * scale[j];
    }

    Problem problem{x, labels, {}, cells, penalties[1]};
    std::vector<std::int64_t> held_out;
    for (std::int64_t row = 0; row < z.rows; ++row) (row % fold == fold - 1 ? held_out : problem.rows).push_back(row);
    LinearFit fit;
    fit.penalty = problem.penalty;
    if (!held_out.empty()) {
        fit.held_out_nll = 1e300;
        for (const double penalty : penalties) {
            problem.penalty = penalty;
            LinearFit tried;
            tried.penalty = penalty;
            judge(problem, solve(problem), held_out, tried);
            if (tried.held_out_nll < fit.held_out_nll) fit = tried;
        }
        problem.rows.insert(problem.rows.end(), held_out.begin(), held_out.end());
        std::ranges::sort(problem.rows);
    }
    problem.penalty = fit.penalty;
    const std::vector<double> best = solve(problem);
    if (report) *report = fit;
    const auto split = best.begin() + std::ptrdiff_t(cells) * z.columns;
    return std::make_unique<LinearRouter>(
        std::move(mean), std::move(scale), std::vector<float>(best.begin(), split), std::vector<float>(split, best.end()));
}

Result<std::unique_ptr<Router>> load_linear_router(const Safetensors& blob)
{
    std::vector<std::vector<float>> values;
    std::vector<std::vector<std::int64_t>> shapes;
    for (const char* name : {"mean", "scale", "weights", "intercept"}) {
        PATHLOOM_TRY(const TensorView* tensor, blob.expect(name, DType::F32));
        const auto span = tensor->as<float>();
        values.emplace_back(span.begin(), span.end());
        shapes.push_back(tensor->shape);
    }
    if (shapes[0].size() != 1 || shapes[0][0] < 1 || shapes[1] != shapes[0] || shapes[3].size() != 1 || shapes[3][0] < 1
        || shapes[2] != std::vector<std::int64_t>{shapes[3][0], shapes[0][0]})
        return fail(ErrorCode::Corrupt, "the router blob's weights do not fit together; fit the router again");
    return std::make_unique<LinearRouter>(std::move(values[0]), std::move(values[1]), std::move(values[2]), std::move(values[3]));
}

std::vector<double> softmax(std::span<const float> scores)
{
    const double top = scores.empty() ? 0.0 : double(*std::ranges::max_element(scores));
    std::vector<double> out;
    double sum = 0;
    for (const float score : scores) {
        out.push_back(std::exp(double(score) - top));
        sum += out.back();
    }
    for (double& p : out) p /= sum;
    return out;
}

}  // namespace pathloom
