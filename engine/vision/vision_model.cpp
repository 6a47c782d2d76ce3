// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/vision/vision_model.h"

#include "engine/core/hash.h"
#include "engine/core/resources.h"
#include "engine/vision/overlay_mixture.h"

namespace pathloom {

Result<std::filesystem::path> vision_folder(const std::string& model)
{
    if (model == "shipped") return resource_path("models/frames-s");
    return std::filesystem::path(model);
}

Result<VisionModel> load_vision(const std::filesystem::path& folder)
{
    const std::filesystem::path file = folder / "model.safetensors";
    PATHLOOM_TRY(const Safetensors blob, Safetensors::open(file));
    auto weights = read_vision(blob);
    if (!weights) return fail(weights.error().code, "{}: {}", file.string(), weights.error().message);
    PATHLOOM_TRY(std::string hash, sha256_file(file));
    return VisionModel{
        VisionNet(weights->spec, std::move(weights->values)), weights->gate, std::move(weights->reader), std::move(hash)};
}

std::vector<float> frame_rows(VisionNet& net, const Picture& grey)
{
    const VisionSpec& spec = net.spec();
    std::vector<float> light;
    light.reserve(std::size_t(spec.width) * std::size_t(spec.height));
    const bool fits = grey.width == spec.width && grey.height == spec.height;
    append_light(fits ? grey : resized(grey, spec.width, spec.height), light);
    return net.forward(light, 1, spec.height).rows;
}

}  // namespace pathloom
