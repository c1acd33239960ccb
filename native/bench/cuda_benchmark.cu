// How long the CUDA ops take, beside what the device's memory and cuBLAS allow.
//
//   cuda_benchmark [--op NAME]... [--runs N] [--json FILE] [--small]
//
// Every op is first checked against its definition on a few rows. Times are medians of runs that CUDA events enclose; inputs
// are random from fixed seeds, and larger than the second-level cache or changed with each run. The share of the measured
// copy bandwidth counts the bytes that must move, each once. Exit status: 0, 1 if an op fails, 2 for bad arguments, 77 without
// a device; a goal that is missed is shown and is no failure.
#include <ctime>
#include <functional>

#include "bench/context.h"
#include "bench/head.h"
#include "bench/small.h"
#include "bench/vocabulary.h"

#ifndef CHORUS_COMMIT
#define CHORUS_COMMIT unknown
#endif
#define CHORUS_TEXT_OF(x) #x
#define CHORUS_TEXT(x) CHORUS_TEXT_OF(x)

namespace chorus_bench {

namespace {

struct Op {
  const char* name;
  void (*run)(Context& context);
};

const Op kOps[] = {{"token_logprob", TokenLogprob},       {"ensemble_logprob", EnsembleLogprob},
                   {"linear_logprob", LinearLogprob},     {"evidential", Evidential},
                   {"evidential_token", EvidentialToken}, {"dirichlet_posterior", DirichletPosterior},
                   {"preference", Preference}};

struct Arguments {
  std::vector<const Op*> ops;
  int runs = 50;
  bool small = false;
  const char* json = nullptr;
};

int Usage(const char* problem) {
  std::fprintf(stderr, "cuda_benchmark: %s\nusage: cuda_benchmark [--op NAME]... [--runs N, at least 30] [--json FILE] "
               "[--small]\nops:", problem);
  for (const Op& op : kOps) std::fprintf(stderr, " %s", op.name);
  std::fprintf(stderr, "\n");
  return 2;
}

/** 0, or what to exit with. */
int Parse(int argc, char** argv, Arguments* arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--small") {
      arguments->small = true;
      continue;
    }
    if (option != "--op" && option != "--runs" && option != "--json") return Usage(("what is " + option + "?").c_str());
    if (i + 1 == argc) return Usage((option + " needs a value").c_str());
    const char* value = argv[++i];
    if (option == "--json") {
      arguments->json = value;
    } else if (option == "--runs") {
      char* end = nullptr;
      const long runs = std::strtol(value, &end, 10);
      if (*end != 0 || runs < 30 || runs > 1000) return Usage("--runs is a number from 30 to 1000");
      arguments->runs = static_cast<int>(runs);
    } else {
      const size_t before = arguments->ops.size();
      for (const Op& op : kOps) {
        if (op.name == std::string(value)) arguments->ops.push_back(&op);
      }
      if (arguments->ops.size() == before) return Usage((std::string("no op is called ") + value).c_str());
    }
  }
  if (arguments->ops.empty()) {
    for (const Op& op : kOps) arguments->ops.push_back(&op);
  }
  return 0;
}

/** "13.0" of 13000. */
std::string Version(int64_t version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string Now() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

void RunOp(Context& context, const Op& op) {
  Row row;
  row.op = op.name;
  try {
    op.run(context);
    return;
  } catch (const Skipped& why) {
    row.note = std::string("skipped: ") + why.what();
  } catch (const std::exception& why) {
    row.note = why.what();
    row.failed = true;
  }
  context.report.Add(row);
}

int Run(const Arguments& arguments) {
  int64_t counts[CHORUS_CUDA_COUNTS], properties[CHORUS_CUDA_PROPERTIES];
  if (chorus_cuda_probe(counts) != CHORUS_OK || counts[CHORUS_CUDA_DEVICES] == 0) {
    std::printf("skipped: no device: %s\n", chorus_cuda_last_error());
    return 77;
  }
  char name[256] = "";
  Ok(chorus_cuda_device(properties, name, sizeof name, 0));
  Ok(chorus_cuda_self_test());

  Report report;
  report.judges = !arguments.small;
  report.about = {{"device", name},
                  {"capability", std::to_string(properties[CHORUS_CUDA_CAPABILITY] / 10) + "." +
                                     std::to_string(properties[CHORUS_CUDA_CAPABILITY] % 10)},
                  {"multiprocessors", std::to_string(properties[CHORUS_CUDA_MULTIPROCESSORS])},
                  {"driver_cuda", Version(counts[CHORUS_CUDA_DRIVER_VERSION])},
                  {"runtime_cuda", Version(counts[CHORUS_CUDA_RUNTIME_VERSION])},
                  {"date", Now()},
                  {"commit", CHORUS_TEXT(CHORUS_COMMIT)},
                  {"runs", std::to_string(arguments.runs)},
                  {"sizes", arguments.small ? "small" : "full"}};
  for (const auto& fact : report.about) std::printf("%s: %s\n", fact.first.c_str(), fact.second.c_str());

  Timer timer(arguments.runs, properties[CHORUS_CUDA_CACHE]);
  report.copy = CopyBandwidth(timer, arguments.small);
  std::printf("copy: %.0f GB/s, read and written\n\n", report.copy);
  Context context{timer, report, properties[CHORUS_CUDA_CACHE], arguments.small};
  for (const Op* op : arguments.ops) {
    RunOp(context, *op);
    // What has been measured is there if the next op does not end.
    if (arguments.json && !report.Write(arguments.json)) {
      std::fprintf(stderr, "cuda_benchmark: %s cannot be written\n", arguments.json);
      return 1;
    }
  }
  return report.AnyFailed() ? 1 : 0;
}

}  // namespace

}  // namespace chorus_bench

int main(int argc, char** argv) {
  using namespace chorus_bench;
  Arguments arguments;
  if (const int status = Parse(argc, argv, &arguments)) return status;
  try {
    return Run(arguments);
  } catch (const std::exception& why) {
    std::fprintf(stderr, "cuda_benchmark: %s\n", why.what());
    return 1;
  }
}
