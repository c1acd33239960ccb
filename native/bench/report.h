// What the benchmarks found: a table for people, JSON for programs.
#ifndef CHORUS_BENCH_REPORT_H
#define CHORUS_BENCH_REPORT_H

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace chorus_bench {

/** One line. NAN is a number that the row does not have. */
struct Row {
  std::string op;
  std::string shape;
  double microseconds = NAN;  // the median
  double least = NAN;
  double bytes = NAN;  // that must move
  double flops = NAN;
  double ratio = NAN;       // to the row named by `ratio_to`
  std::string ratio_to;
  double extra_bytes = NAN;  // beyond inputs and results
  /** At least this share of the measured copy bandwidth, at most so many microseconds, at most this ratio, at least so many
   * TFLOP/s, at most so many extra bytes. */
  double goal_share = NAN, goal_microseconds = NAN, goal_ratio = NAN, goal_teraflops = NAN, goal_extra = NAN;
  std::string note;
  bool failed = false;
};

class Report {
 public:
  /** GB/s of a copy on this device, bytes read and written. Goals are not judged where sizes are small. */
  double copy = NAN;
  bool judges = true;
  std::vector<std::pair<std::string, std::string>> about;

  /** Prints it at once. */
  void Add(const Row& row) {
    if (rows_.empty()) {
      std::printf("%-36s %-24s %11s %10s %8s %7s %8s  %s\n", "op", "shape", "time/us", "MB", "GB/s", "of copy", "TFLOP/s",
                  "goal");
    }
    std::printf("%-36s %-24s %11s %10s %8s %7s %8s  %s\n", row.op.c_str(), row.shape.c_str(),
                Number(row.microseconds, 1).c_str(), Number(row.bytes / 1e6, 1).c_str(), Number(Gigabytes(row), 0).c_str(),
                Number(100 * Share(row), 1, "%").c_str(), Number(Teraflops(row), 0).c_str(), Goals(row).c_str());
    if (!row.note.empty()) std::printf("  %s%s\n", row.failed ? "FAILED: " : "", row.note.c_str());
    std::fflush(stdout);
    rows_.push_back(row);
  }

  bool AnyFailed() const {
    for (const Row& row : rows_) {
      if (row.failed) return true;
    }
    return false;
  }

  /** False if it cannot be written. */
  bool Write(const char* path) const {
    std::FILE* file = std::fopen(path, "w");
    if (!file) return false;
    std::fprintf(file, "{\n");
    for (const auto& fact : about) std::fprintf(file, "  %s: %s,\n", Quoted(fact.first).c_str(), Quoted(fact.second).c_str());
    std::fprintf(file, "  \"copy_gigabytes_per_second\": %s,\n  \"rows\": [", Json(copy).c_str());
    const char* separator = "\n";
    for (const Row& row : rows_) {
      std::fprintf(file, "%s    {\"op\": %s, \"shape\": %s, \"microseconds\": %s", separator, Quoted(row.op).c_str(),
                   Quoted(row.shape).c_str(), Json(row.microseconds).c_str());
      std::fprintf(file, ", \"least_microseconds\": %s, \"bytes\": %s", Json(row.least).c_str(), Json(row.bytes).c_str());
      std::fprintf(file, ", \"gigabytes_per_second\": %s, \"share_of_copy\": %s, \"teraflops\": %s",
                   Json(Gigabytes(row)).c_str(), Json(Share(row)).c_str(), Json(Teraflops(row)).c_str());
      std::fprintf(file, ", \"ratio\": %s, \"ratio_to\": %s, \"extra_bytes\": %s", Json(row.ratio).c_str(),
                   Quoted(row.ratio_to).c_str(), Json(row.extra_bytes).c_str());
      std::fprintf(file, ", \"goal\": %s, \"meets_goal\": %s, \"failed\": %s, \"note\": %s}", Quoted(Goals(row)).c_str(),
                   !HasGoal(row) || !judges ? "null" : Meets(row) ? "true" : "false", row.failed ? "true" : "false",
                   Quoted(row.note).c_str());
      separator = ",\n";
    }
    std::fprintf(file, "\n  ]\n}\n");
    return std::fclose(file) == 0;
  }

 private:
  static double Gigabytes(const Row& row) { return row.bytes / row.microseconds / 1e3; }
  static double Teraflops(const Row& row) { return row.flops / row.microseconds / 1e6; }
  double Share(const Row& row) const { return Gigabytes(row) / copy; }

  static std::string Number(double value, int digits, const char* unit = "") {
    if (std::isnan(value)) return "-";
    char text[40];
    std::snprintf(text, sizeof text, "%.*f%s", digits, value, unit);
    return text;
  }
  static std::string Json(double value) {
    if (!std::isfinite(value)) return "null";
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
  }
  static std::string Quoted(const std::string& text) {
    std::string quoted = "\"";
    for (char c : text) {
      if (static_cast<unsigned char>(c) < 32) {
        quoted += ' ';
        continue;
      }
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted + "\"";
  }

  static bool HasGoal(const Row& row) {
    return !std::isnan(row.goal_share) || !std::isnan(row.goal_microseconds) || !std::isnan(row.goal_ratio) ||
           !std::isnan(row.goal_teraflops) || !std::isnan(row.goal_extra);
  }
  /** Comparisons with NaN are false: a goal that there is not is not missed, and one whose number is missing is. */
  bool Meets(const Row& row) const {
    return (std::isnan(row.goal_share) || Share(row) >= row.goal_share) &&
           (std::isnan(row.goal_microseconds) || row.microseconds <= row.goal_microseconds) &&
           (std::isnan(row.goal_ratio) || row.ratio <= row.goal_ratio) &&
           (std::isnan(row.goal_teraflops) || Teraflops(row) >= row.goal_teraflops) &&
           (std::isnan(row.goal_extra) || row.extra_bytes <= row.goal_extra);
  }
  std::string Goals(const Row& row) const {
    std::string text;
    const auto add = [&](double goal, const std::string& words) {
      if (!std::isnan(goal)) text += (text.empty() ? "" : ", ") + words;
    };
    add(row.goal_share, ">= " + Number(100 * row.goal_share, 0, "%") + " of copy");
    add(row.goal_microseconds, "<= " + Number(row.goal_microseconds, 0, " us"));
    add(row.goal_ratio, "<= " + Number(row.goal_ratio, 2) + " of " + row.ratio_to + ", is " + Number(row.ratio, 3));
    add(row.goal_teraflops, ">= " + Number(row.goal_teraflops, 0, " TFLOP/s"));
    add(row.goal_extra, "<= " + Number(row.goal_extra / 1048576, 0, " MiB") + " extra, is " +
                            Number(row.extra_bytes / 1048576, 0));
    if (text.empty() || !judges || std::isnan(row.microseconds)) return text;
    return text + (Meets(row) ? ": met" : ": missed");
  }

  std::vector<Row> rows_;
};

}  // namespace chorus_bench

#endif
