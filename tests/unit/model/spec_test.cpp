// SPDX-License-Identifier: GPL-3.0-or-later
// Specs: golden error messages, canonical bytes, overrides.
#include "engine/model/spec.h"

#include <gmock/gmock.h>

namespace pathloom {
namespace {

const std::string minimal = R"({"model":{"blocks":{"count":4,"kind":"full"}},
    "topology":{"levels":[{"modules":2,"blocks":[0,1]},{"modules":2,"blocks":[2,3]}]}})";

std::string message(const std::vector<std::string>& overrides, const std::string& text = minimal)
{
    const auto spec = parse_run_spec(text, overrides);
    if (spec) return "accepted";
    EXPECT_EQ(spec.error().code, ErrorCode::Usage);
    return spec.error().message;
}

TEST(Spec, DefaultsAreThoseOfTheStructs)
{
    const RunSpec spec = parse_run_spec(minimal).value();
    RunSpec expected;
    expected.model.blocks.assign(4, "full");
    expected.topology.levels = {{2, {0, 1}}, {2, {2, 3}}};
    EXPECT_EQ(spec, expected);
    EXPECT_EQ(spec.training.total_steps(), 300);
}

TEST(Spec, WithoutATopologyItIsTheDensePath)
{
    const RunSpec spec = parse_run_spec(R"({"model":{"blocks":["full","window"]}})").value();
    EXPECT_EQ(spec.topology.levels, (std::vector<LevelSpec>{{1, {0, 1}}}));
}

TEST(Spec, CanonicalJsonIsStableAndComplete)
{
    const RunSpec spec = parse_run_spec(minimal, {"seed=18446744073709551615", "name=a \"b\"", "training.lr=0.0004"}).value();
    const std::string text = to_json(spec);
    EXPECT_EQ(parse_run_spec(text).value(), spec);
    EXPECT_EQ(to_json(parse_run_spec(text).value()), text);
    EXPECT_EQ(text,
        R"({"data":{"batch":8,"corpus":"sample","sequence":256},"evaluation":{"every":1,"test_sequences":0,"valid_sequences":64},)"
        R"("model":{"blocks":["full","full","full","full"],"conv":4,"d_model":128,"ffn":"swiglu","ffn_hidden":0,"head_dim":32,"heads":4,)"
        R"("rope_base":10000.0,"vocabulary":8192,"window":128},"name":"a \"b\"",)"
        R"("outer":{"codec":"fp32","combine":"shard-weighted","error_feedback":true,"lr":0.7,"momentum":0.9,"optimizer":"nesterov",)"
        R"("sqrt_paths":true},)"
        R"("routing":{"balance":0.25,"layout":"neighbours","overlap":1,"prefix":32,"reshard":[],"router":"kmeans","router_data":0.05,)"
        R"("start":"kmeans"},"seed":18446744073709551615,)"
        R"("topology":{"levels":[{"blocks":[0,1],"modules":2},{"blocks":[2,3],"modules":2}],)"
        R"("path_specific":{"blocks":[],"embedding":false,"head":false},"replicas":1},)"
        R"("training":{"beta1":0.9,"beta2":0.95,"clip":1.0,"early_stopping":0.0,"eps":1e-08,"inner_state":"keep","lr":0.0004,"lr_min_ratio":0.1,"paths_per_phase":0,"phases":10,)"
        R"("precision":"fp32","recompute":false,"tau":20,"threads":1,"warm_start_steps":100,"warmup_steps":20,"weight_decay":0.1}})");
    EXPECT_EQ(parse_model_spec(to_json(spec.model)).value(), spec.model);
}

TEST(Spec, Overrides)
{
    const RunSpec spec = parse_run_spec(minimal,
        {"topology.levels[0].modules=4", "training.tau=7", "routing.router=random", "data.corpus=my corpus",
            "outer.sqrt_paths=false", "topology.path_specific.blocks=[3,1]", "training.tau=8"})
                             .value();
    EXPECT_EQ(spec.topology.levels[0].modules, 4);
    EXPECT_EQ(spec.training.tau, 8);
    EXPECT_EQ(spec.routing.router, "random");
    EXPECT_EQ(spec.data.corpus, "my corpus");
    EXPECT_FALSE(spec.outer.sqrt_paths);
    EXPECT_THAT(spec.topology.path_specific_blocks, testing::ElementsAre(1, 3));
}

TEST(Spec, BadOverrides)
{
    EXPECT_EQ(message({"training.tau"}), "override 'training.tau' has no '='; write section.key=value");
    EXPECT_EQ(message({"=3"}), "override '=3' has an empty key; write section.key=value");
    EXPECT_EQ(message({"training.=3"}), "override 'training.=3' has an empty key; write section.key=value");
    EXPECT_EQ(message({"a..b=3"}), "override 'a..b=3' has an empty key; write section.key=value");
    EXPECT_EQ(message({"topology.levels[2].modules=4"}), "override 'topology.levels[2].modules=4': there is no element [2]");
    EXPECT_EQ(message({"topology.levels[x].modules=4"}),
        "override 'topology.levels[x].modules=4' has a bad index; write it as levels[0]");
    EXPECT_EQ(message({"topology.levels[0=4"}), "override 'topology.levels[0=4' has a bad index; write it as levels[0]");
    EXPECT_EQ(message({"topology.levels.modules=4"}),
        "override 'topology.levels.modules=4': 'modules' is below something that has no keys");
    EXPECT_EQ(message({"training.tua=4"}), "unknown key 'training.tua'; did you mean 'training.tau'?");
}

TEST(Spec, GoldenErrors)
{
    EXPECT_EQ(message({"topology.levels[1].modules=0"}), "topology.levels[1].modules must be at least 1, got 0");
    EXPECT_EQ(message({"topology.levels[1].modules=-3"}), "topology.levels[1].modules must be at least 1, got -3");
    EXPECT_EQ(message({"topology.levels[1].modules=2.5"}), "topology.levels[1].modules must be a whole number, got 2.5");
    EXPECT_EQ(message({"topology.levels=[]"}), "topology.levels must have at least one level");
    EXPECT_EQ(message({"topology.levels=7"}), "topology.levels must be an array of at most 4096 levels");
    EXPECT_EQ(message({"topology.levels[1].blocks=[3]"}), "no level of topology.levels holds block 2");
    EXPECT_EQ(message({"topology.levels[1].blocks=[1,2,3]"}),
        "block 1 is in topology.levels[0] and in topology.levels[1]; a block belongs to one level");
    EXPECT_EQ(message({"topology.levels[1].blocks=[2,3,4]"}),
        "topology.levels[1].blocks names block 4, but model.blocks has 4 (0 to 3)");
    EXPECT_EQ(message({"topology.levels[1].blocks=[]"}), "topology.levels[1].blocks must hold at least one block");
    EXPECT_EQ(message({"topology.levels[1].blocks=[3,2]"}),
        "topology.levels[1].blocks must go on with block 2, got 3; levels hold consecutive blocks");
    EXPECT_EQ(message({"topology.levels[0].modules=1000", "topology.levels[1].modules=1000"}),
        "topology has more than 65536 paths; use fewer modules a level or fewer levels");
    EXPECT_EQ(message({"topology.replicas=0"}), "topology.replicas must be at least 1, got 0");
    EXPECT_EQ(message({"topology.path_specific.blocks=[1,1]"}), "topology.path_specific.blocks names block 1 twice");
    EXPECT_EQ(message({"topology.path_specific.blocks=[9]"}),
        "topology.path_specific.blocks names block 9, but model.blocks has 4 (0 to 3)");
    EXPECT_EQ(message({"model.heads=0"}), "model.heads must be at least 1, got 0");
    EXPECT_EQ(message({"model.head_dim=33"}), "model.head_dim must be even (rotary positions turn pairs), got 33");
    EXPECT_EQ(message({"model.vocabulary=99999999999999999999"}), "model.vocabulary must be a whole number, got 1e+20");
    EXPECT_EQ(
        message({"model.vocabulary=9999999999999999999"}), "model.vocabulary must be at most 10000000, got 9999999999999999999");
    EXPECT_EQ(message({"model.blocks=[\"full\",\"fool\"]"}), "model.blocks[1] must be one of full, window, got \"fool\"");
    EXPECT_EQ(
        message({"model.blocks=[]"}), "model.blocks must name at least one block, for example {\"count\":4,\"kind\":\"full\"}");
    EXPECT_EQ(message({"model.blocks.count=0"}), "model.blocks.count must be at least 1, got 0");
    EXPECT_EQ(message({"model.blocks.knd=full"}), "unknown key 'model.blocks.knd'; did you mean 'model.blocks.kind'?");
    EXPECT_EQ(message({"model.ffn=relu"}), "model.ffn must be one of swiglu, gelu, got \"relu\"");
    EXPECT_EQ(message({"training.phases=0"}), "training.phases must be at least 1, got 0");
    EXPECT_EQ(message({"training.early_stopping=0.6"}), "training.early_stopping must be at most 0.5, got 0.6");
    EXPECT_EQ(message({"training.tau=0"}), "training.tau must be at least 1, got 0");
    EXPECT_EQ(message({"training.tau=\"20\""}), "training.tau must be a whole number, got \"20\"");
    EXPECT_EQ(message({"training.lr=0"}), "training.lr must be more than 0, got 0");
    EXPECT_EQ(message({"training.lr=fast"}), "training.lr must be a number, got \"fast\"");
    EXPECT_EQ(message({"training.beta1=1"}), "training.beta1 must be at most 0.999999, got 1");
    EXPECT_EQ(message({"outer.sqrt_paths=1"}), "outer.sqrt_paths must be true or false, got 1");
    EXPECT_EQ(message({"seed=-1"}), "seed must be a whole number of at least 0, got -1");
    EXPECT_EQ(message({"data.corpus="}), "data.corpus must name a corpus; see corpus list");
    EXPECT_EQ(message({"data.corpus=7"}), "data.corpus must be a string, got 7");
    EXPECT_EQ(message({"data.sequence=39"}), "data.sequence must be at least routing.prefix + 8 = 40, got 39");
    EXPECT_EQ(message({"training=[]"}), "training must be an object, got []");
    EXPECT_EQ(message({"trainning.tau=3"}), "unknown key 'trainning'; did you mean 'training'?");
    EXPECT_EQ(message({"zzzzzzzz=3"}),
        "unknown key 'zzzzzzzz'; known here: name, seed, model, topology, routing, data, training, outer, evaluation, "
        "distillation");
    EXPECT_EQ(message({"routing.router=none"}),
        "routing.router 'none' sends everything to one cell, but the topology has 4; use kmeans or random");
    EXPECT_EQ(message({"routing.router=kmeens"}),
        "routing.router must be one of kmeans, product-kmeans, discriminative, random, round-robin, none, got \"kmeens\"");
    EXPECT_EQ(message({"routing.overlap=5"}),
        "routing.overlap gives each sequence to 5 of the topology's 4 cells; set it to 4 at most");
    EXPECT_EQ(message({"routing.overlap=0"}), "routing.overlap must be at least 1, got 0");
    EXPECT_EQ(message({"routing.balance=1.5"}), "routing.balance must be at most 1, got 1.5");
    EXPECT_EQ(message({"routing.router=product-kmeans", "topology.levels[0].modules=1", "topology.levels[1].modules=7"}),
        "routing.router 'product-kmeans' needs a x b cells with a and b at least 2, the topology has 7; use kmeans");
    EXPECT_EQ(message({"routing.reshard=[2]"}),
        "routing.reshard fits the discriminative router anew; set routing.router=discriminative or leave it empty");
    EXPECT_EQ(message({"routing.router=discriminative", "training.phases=4", "routing.reshard=[2,4]"}),
        "routing.reshard names outer step 4, but the last one that a phase follows is 3 (training.phases 4)");
    EXPECT_EQ(message({"routing.router=discriminative", "routing.reshard=[3,3]"}), "routing.reshard must ascend, got 3 after 3");
    EXPECT_EQ(message({"routing.router=discriminative", "training.phases=1"}),
        "routing.reshard names outer step 1, but the last one that a phase follows is 0 (training.phases 1)");
    EXPECT_EQ(message({"training.paths_per_phase=5"}),
        "training.paths_per_phase samples 5 paths, but the topology has 4; set it to 4 at most, or 0 for all");
    EXPECT_EQ(message({"training.paths_per_phase=1", "training.phases=3"}),
        "training.paths_per_phase 1 in 3 phases leaves some of 4 paths untrained; use 4 phases or more");
    EXPECT_EQ(message({"outer.optimizer=fedavg"}),
        "outer.optimizer 'fedavg' averages paths, so their weights must sum to 1; set outer.sqrt_paths=false and outer.combine "
        "to "
        "mean or shard-weighted");
    EXPECT_EQ(message({"outer.optimizer=fedavg", "outer.sqrt_paths=false"}), "accepted");
    EXPECT_EQ(message({"training.tau=0"}), "training.tau must be at least 1, got 0");
    EXPECT_EQ(message({"topology.path_specific.blocks=ends"}),
        "topology.path_specific.blocks must be a list of block indices or \"level-ends\", got \"ends\"");
    EXPECT_EQ(parse_run_spec(minimal, {"topology.path_specific.blocks=level-ends"}).value().topology.path_specific_blocks,
        (std::vector<int>{0, 1, 2, 3}));
    EXPECT_EQ(message({"outer.optimizer=none"}),
        "outer.optimizer 'none' copies paths back, but paths of this topology share modules; use nesterov or sgd");
    EXPECT_EQ(message({}, "[]"), "the spec must be an object, got []");
    EXPECT_THAT(message({}, "{\"a\":"), testing::StartsWith("the spec is not valid JSON: parse error at line 1, column"));
    EXPECT_EQ(message({}, "{}"), "model.blocks must name at least one block, for example {\"count\":4,\"kind\":\"full\"}");
}

TEST(Spec, CombinationsThatMakeSense)
{
    const std::string one_cell
        = R"({"model":{"blocks":["full"]},"topology":{"levels":[{"modules":1,"blocks":[0]}],"replicas":3}})";
    EXPECT_EQ(message({"routing.router=none"}, one_cell), "accepted");
    EXPECT_EQ(message({"routing.router=kmeans"}, one_cell), "accepted");
    EXPECT_EQ(message({"routing.router=random"}, one_cell), "accepted");
    EXPECT_EQ(message({"outer.optimizer=none", "topology.replicas=1"}, one_cell), "accepted");
    EXPECT_EQ(
        message({"outer.optimizer=none", "topology.path_specific={\"embedding\":true,\"head\":true,\"blocks\":[0]}"}, one_cell),
        "accepted");
    EXPECT_NE(
        message({"outer.optimizer=none", "topology.path_specific={\"embedding\":true,\"head\":true}"}, one_cell), "accepted");
}

TEST(Spec, TheDiscriminativeRouterIsFittedAfterAQuarterUnlessToldOtherwise)
{
    EXPECT_EQ(parse_run_spec(minimal, {"routing.router=discriminative", "training.phases=12"}).value().routing.reshard,
        (std::vector<int>{3}));
    EXPECT_EQ(parse_run_spec(minimal, {"routing.router=discriminative", "routing.reshard=[1,5]"}).value().routing.reshard,
        (std::vector<int>{1, 5}));
    EXPECT_EQ(message({"routing.router=discriminative", "topology.levels[0].modules=1", "topology.levels[1].modules=1"}),
        "routing.router 'discriminative' chooses between paths, but the topology has one cell; use none");
}

TEST(Spec, HostileDocumentsAreRefusedOnOneLine)
{
    for (const std::string text :
        {"", "null", "5", "\"x\"", "{\"model\":{\"blocks\":[[[[]]]]}}", "{\"model\":{\"blocks\":{\"count\":100000000}}}",
            "{\"name\":\"\xff\"}", "{\"topology\":{\"levels\":[null]}}", "{\"model\":null}"}) {
        const std::string answer = message({}, text);
        EXPECT_NE(answer, "accepted") << text;
        EXPECT_EQ(answer.find('\n'), std::string::npos) << text;
    }
}

TEST(Spec, APresetsFileIsTheSpecInsideIt)
{
    const std::string file = R"({"title":"T","description":"D","order":3,"spec":)" + minimal + "}";
    EXPECT_EQ(parse_run_spec(file, {"seed=7"}).value(), parse_run_spec(minimal, {"seed=7"}).value());
    EXPECT_EQ(message({}, R"({"title":"T","tilte":"T","spec":{}})"),
        "unknown key 'tilte' beside 'spec'; a preset holds title, description, order and spec");
    EXPECT_EQ(message({"training.tua=1"}, file), "unknown key 'training.tua'; did you mean 'training.tau'?");
}

TEST(Spec, CodecsAreKnownByName)
{
    EXPECT_EQ(parse_run_spec(minimal, {"outer.codec=int2"})->outer.codec, "int2");
    EXPECT_EQ(message({"outer.codec=int3"}), "outer.codec must be one of fp32, bf16, int8, int4, int2, got \"int3\"");
    EXPECT_FALSE(parse_run_spec(minimal)->outer.keeps_residual()) << "fp32 takes nothing away";
    EXPECT_TRUE(parse_run_spec(minimal, {"outer.codec=int8"})->outer.keeps_residual());
    EXPECT_FALSE(parse_run_spec(minimal, {"outer.codec=int8", "outer.error_feedback=false"})->outer.keeps_residual());
}

TEST(Spec, AMixtureIsWrittenOnlyWhereThereIsOne)
{
    EXPECT_EQ(to_json(parse_run_spec(minimal, {"model.experts_per_token=3"}).value()), to_json(parse_run_spec(minimal).value()));
    const auto mixed = parse_run_spec(minimal, {"model.experts=8", "model.expert_hidden=40"});
    ASSERT_TRUE(mixed) << mixed.error().message;
    EXPECT_EQ(parse_run_spec(to_json(*mixed)).value(), *mixed);
    EXPECT_EQ(mixed->model.expert_width(), 40);
    EXPECT_EQ(parse_run_spec(minimal, {"model.experts=8"})->model.expert_width(), 352 / 2) << "equal active parameters";
    EXPECT_THAT(message({"model.experts=1"}), testing::StartsWith("model.experts must be 0 (no mixture) or at least 2, got 1"));
    EXPECT_EQ(message({"model.experts=4", "model.experts_per_token=5"}),
        "model.experts_per_token gives each token to 5 of 4 experts; set it to 4 at most");
    EXPECT_THAT(message({"model.experts=4", "model.experts_per_token=3"}), testing::HasSubstr("set model.expert_hidden"));
}

TEST(ModelSpecJson, IsCheckedToo)
{
    EXPECT_EQ(parse_model_spec(R"({"blocks":["full"],"d_modle":3})").error().message,
        "unknown key 'model.d_modle'; did you mean 'model.d_model'?");
    EXPECT_FALSE(parse_model_spec("{}"));
}

TEST(RunSpec, ATeacherIsWrittenOnlyWhereThereIsOne)
{
    const std::string plain = to_json(parse_run_spec("{}", {"model.blocks=[\"full\"]"}).value());
    EXPECT_EQ(plain.find("distillation"), std::string::npos);
    const auto taught = parse_run_spec(plain, {"distillation.teacher=3", "distillation.mix=0.25"});
    ASSERT_TRUE(taught) << taught.error().message;
    EXPECT_EQ(taught->distillation, (DistillationSpec{3, 2.0, 0.25}));
    EXPECT_EQ(parse_run_spec(to_json(*taught)).value(), *taught);
    EXPECT_NE(parse_run_spec(plain, {"distillation.mix=2"}).error().message.find("distillation.mix"), std::string::npos);
    EXPECT_NE(parse_run_spec(plain, {"distillation.temperature=0"}).error().message.find("distillation.temperature"),
        std::string::npos);
}

}  // namespace
}  // namespace pathloom
