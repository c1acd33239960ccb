// The C interface of preference.
#include "ops/preference/preference_checks.h"

using namespace chorus;

namespace {

/** The sums of no pairs. */
chorus_status NoPairs(double* totals) {
  for (int i = 0; totals && i < CHORUS_PREFERENCE_TOTALS; ++i) totals[i] = 0;
  return CHORUS_OK;
}

}  // namespace

extern "C" int64_t chorus_preference_workspace(int kind, int64_t P) { return PreferenceWorkspace(kind, P); }

extern "C" int64_t chorus_preference_tokens_workspace(int kind, int64_t P) {
  return PreferenceTokensWorkspace(kind, P);
}

extern "C" chorus_status chorus_preference(const chorus_preference_args* args) {
  return WithElementsOf("preference", args, [args](const char* op, auto element) -> chorus_status {
    PreferenceBatch<decltype(element)> b = BatchOf<decltype(element)>(*args);
    if (chorus_status bad = CheckSequences(op, &b)) return bad;
    if (b.P == 0) return NoPairs(b.totals);
    const int64_t size = PreferenceWorkspace(b.spec.kind, b.P);
    if (chorus_status bad = CheckWorkspace(op, args->workspace, size, "doubles")) return bad;
    return PreferenceCpu(op, b, static_cast<double*>(args->workspace));
  });
}

extern "C" chorus_status chorus_preference_tokens(const chorus_preference_tokens_args* args) {
  return WithElementsOf("preference_tokens", args, [args](const char* op, auto element) -> chorus_status {
    PreferenceTokens<decltype(element)> x = TokensOf<decltype(element)>(*args);
    if (chorus_status bad = CheckTokens(op, &x)) return bad;
    if (x.P == 0) return NoPairs(x.totals);
    const int64_t size = PreferenceTokensWorkspace(x.spec.kind, x.P);
    if (chorus_status bad = CheckWorkspace(op, args->workspace, size, "doubles")) return bad;
    return PreferenceTokensCpu(op, x, static_cast<double*>(args->workspace));
  });
}
