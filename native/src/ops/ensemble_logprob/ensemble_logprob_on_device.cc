// The functions of chorus.h for tests, by way of a device.
#include <vector>

#include "testing/device/device_call.h"

namespace {

using chorus_testing::DeviceCall;

/** Pointers of the host to arrays of models, and to the same on the device. A W that no test means gives none. */
template <typename T>
class Models {
 public:
  template <typename ToDevice>
  Models(T* const* host, int64_t W, const ToDevice& to_device) : given_(host != nullptr) {
    for (int64_t w = 0; given_ && w < W; ++w) {
      T* device = nullptr;
      // One place stays one place.
      for (int64_t i = 0; i < w && !device; ++i) {
        if (host[i] == host[w]) device = pointers_[static_cast<size_t>(i)];
      }
      pointers_.push_back(device ? device : to_device(host[w], w));
    }
  }
  T* const* get() const { return given_ ? pointers_.data() : nullptr; }

 private:
  bool given_;
  std::vector<T*> pointers_;
};

/** For functions that take void. */
template <typename To, typename T>
To* const* As(const Models<T>& models) {
  return reinterpret_cast<To* const*>(models.get());
}

template <typename T>
chorus_status Forward(float* logps, float* lse, float* entropy, float* mixture, float* sequence_logps,
                      float* sequence_mixture, const T* const* logits, const int64_t* targets, const float* weights,
                      const float* omega, const int64_t* offsets, int64_t W, int64_t N, int64_t V,
                      const int64_t* strides, int64_t S, int type) {
  DeviceCall call;
  const Models<const T> z(logits, W, [&](const T* p, int64_t w) { return call.InRows(p, N, V, strides[w]); });
  return call.Finish(chorus_cuda_ensemble_logprob_forward(
      call.Out(logps, W * N), call.Out(lse, W * N), call.Out(entropy, W * N), call.Out(mixture, N),
      call.Out(sequence_logps, W * S), call.Out(sequence_mixture, S), As<const void>(z), call.In(targets, N),
      call.In(weights, N), call.In(omega, W), call.In(offsets, S + 1), W, N, V, strides, S, type, call.fault(),
      nullptr));
}

template <typename T>
chorus_status Backward(T* const* logits, const int64_t* targets, const float* lse, const float* logps,
                       const float* dlogps, const float* dmixture, const float* dsequence,
                       const float* dsequence_mixture, const float* weights, const float* omega, const int64_t* offsets,
                       int64_t W, int64_t N, int64_t V, const int64_t* strides, int64_t S, int type) {
  DeviceCall call;
  const Models<T> z(logits, W, [&](T* p, int64_t w) { return call.OutRows(p, N, V, strides[w]); });
  return call.Finish(chorus_cuda_ensemble_logprob_backward(
      As<void>(z), call.In(targets, N), call.In(lse, W * N), call.In(logps, W * N), call.In(dlogps, W * N),
      call.In(dmixture, N), call.In(dsequence, W * S), call.In(dsequence_mixture, S), call.In(weights, N),
      call.In(omega, W), call.In(offsets, S + 1), W, N, V, strides, S, type, call.fault(), nullptr));
}

template <typename T>
chorus_status RaggedForward(float* const* logps, float* const* lse, float* const* entropy, float* sequence_logps,
                            float* sequence_means, float* sequence_mixture, const T* const* logits,
                            const int64_t* const* targets, const float* const* weights, const float* omega,
                            const int64_t* const* offsets, int64_t W, const int64_t* rows, const int64_t* vocabularies,
                            const int64_t* strides, int64_t S, int type) {
  DeviceCall call;
  const auto out = [&](float* p, int64_t w) { return call.Out(p, rows[w]); };
  const Models<float> p(logps, W, out), l(lse, W, out), h(entropy, W, out);
  const Models<const T> z(logits, W,
                          [&](const T* x, int64_t w) { return call.InRows(x, rows[w], vocabularies[w], strides[w]); });
  const Models<const int64_t> t(targets, W, [&](const int64_t* x, int64_t w) { return call.In(x, rows[w]); });
  const Models<const float> v(weights, W, [&](const float* x, int64_t w) { return call.In(x, rows[w]); });
  const Models<const int64_t> o(offsets, W, [&](const int64_t* x, int64_t) { return call.In(x, S + 1); });
  return call.Finish(chorus_cuda_ragged_ensemble_logprob_forward(
      p.get(), l.get(), h.get(), call.Out(sequence_logps, W * S), call.Out(sequence_means, W * S),
      call.Out(sequence_mixture, S), As<const void>(z), t.get(), v.get(), call.In(omega, W), o.get(), W, rows,
      vocabularies, strides, S, type, call.fault(), nullptr));
}

template <typename T>
chorus_status RaggedBackward(T* const* logits, const int64_t* const* targets, const float* const* lse,
                             const float* sequence_logps, const float* dsequence, const float* dsequence_mixture,
                             const float* const* weights, const float* omega, const int64_t* const* offsets, int64_t W,
                             const int64_t* rows, const int64_t* vocabularies, const int64_t* strides, int64_t S,
                             int type) {
  DeviceCall call;
  const Models<T> z(logits, W,
                    [&](T* x, int64_t w) { return call.OutRows(x, rows[w], vocabularies[w], strides[w]); });
  const Models<const int64_t> t(targets, W, [&](const int64_t* x, int64_t w) { return call.In(x, rows[w]); });
  const auto in = [&](const float* x, int64_t w) { return call.In(x, rows[w]); };
  const Models<const float> l(lse, W, in), v(weights, W, in);
  const Models<const int64_t> o(offsets, W, [&](const int64_t* x, int64_t) { return call.In(x, S + 1); });
  return call.Finish(chorus_cuda_ragged_ensemble_logprob_backward(
      As<void>(z), t.get(), l.get(), call.In(sequence_logps, W * S), call.In(dsequence, W * S),
      call.In(dsequence_mixture, S), v.get(), call.In(omega, W), o.get(), W, rows, vocabularies, strides, S, type,
      call.fault(), nullptr));
}

}  // namespace

extern "C" {

chorus_status chorus_ensemble_logprob_forward_f32(float* logps, float* lse, float* entropy, float* mixture,
                                                  float* sequence_logps, float* sequence_mixture,
                                                  const float* const* logits, const int64_t* targets,
                                                  const float* weights, const float* omega, const int64_t* offsets,
                                                  int64_t W, int64_t N, int64_t V, const int64_t* strides, int64_t S) {
  return Forward(logps, lse, entropy, mixture, sequence_logps, sequence_mixture, logits, targets, weights, omega,
                 offsets, W, N, V, strides, S, CHORUS_TYPE_F32);
}

chorus_status chorus_ensemble_logprob_forward_bf16(float* logps, float* lse, float* entropy, float* mixture,
                                                   float* sequence_logps, float* sequence_mixture,
                                                   const chorus_bf16* const* logits, const int64_t* targets,
                                                   const float* weights, const float* omega, const int64_t* offsets,
                                                   int64_t W, int64_t N, int64_t V, const int64_t* strides, int64_t S) {
  return Forward(logps, lse, entropy, mixture, sequence_logps, sequence_mixture, logits, targets, weights, omega,
                 offsets, W, N, V, strides, S, CHORUS_TYPE_BF16);
}

chorus_status chorus_ensemble_logprob_backward_f32(float* const* logits, const int64_t* targets, const float* lse,
                                                   const float* logps, const float* dlogps, const float* dmixture,
                                                   const float* dsequence, const float* dsequence_mixture,
                                                   const float* weights, const float* omega, const int64_t* offsets,
                                                   int64_t W, int64_t N, int64_t V, const int64_t* strides, int64_t S) {
  return Backward(logits, targets, lse, logps, dlogps, dmixture, dsequence, dsequence_mixture, weights, omega, offsets,
                  W, N, V, strides, S, CHORUS_TYPE_F32);
}

chorus_status chorus_ensemble_logprob_backward_bf16(chorus_bf16* const* logits, const int64_t* targets,
                                                    const float* lse, const float* logps, const float* dlogps,
                                                    const float* dmixture, const float* dsequence,
                                                    const float* dsequence_mixture, const float* weights,
                                                    const float* omega, const int64_t* offsets, int64_t W, int64_t N,
                                                    int64_t V, const int64_t* strides, int64_t S) {
  return Backward(logits, targets, lse, logps, dlogps, dmixture, dsequence, dsequence_mixture, weights, omega, offsets,
                  W, N, V, strides, S, CHORUS_TYPE_BF16);
}

chorus_status chorus_ragged_ensemble_logprob_forward_f32(
    float* const* logps, float* const* lse, float* const* entropy, float* sequence_logps, float* sequence_means,
    float* sequence_mixture, const float* const* logits, const int64_t* const* targets, const float* const* weights,
    const float* omega, const int64_t* const* offsets, int64_t W, const int64_t* rows, const int64_t* vocabularies,
    const int64_t* strides, int64_t S) {
  return RaggedForward(logps, lse, entropy, sequence_logps, sequence_means, sequence_mixture, logits, targets, weights,
                       omega, offsets, W, rows, vocabularies, strides, S, CHORUS_TYPE_F32);
}

chorus_status chorus_ragged_ensemble_logprob_forward_bf16(
    float* const* logps, float* const* lse, float* const* entropy, float* sequence_logps, float* sequence_means,
    float* sequence_mixture, const chorus_bf16* const* logits, const int64_t* const* targets,
    const float* const* weights, const float* omega, const int64_t* const* offsets, int64_t W, const int64_t* rows,
    const int64_t* vocabularies, const int64_t* strides, int64_t S) {
  return RaggedForward(logps, lse, entropy, sequence_logps, sequence_means, sequence_mixture, logits, targets, weights,
                       omega, offsets, W, rows, vocabularies, strides, S, CHORUS_TYPE_BF16);
}

chorus_status chorus_ragged_ensemble_logprob_backward_f32(
    float* const* logits, const int64_t* const* targets, const float* const* lse, const float* sequence_logps,
    const float* dsequence, const float* dsequence_mixture, const float* const* weights, const float* omega,
    const int64_t* const* offsets, int64_t W, const int64_t* rows, const int64_t* vocabularies, const int64_t* strides,
    int64_t S) {
  return RaggedBackward(logits, targets, lse, sequence_logps, dsequence, dsequence_mixture, weights, omega, offsets, W,
                        rows, vocabularies, strides, S, CHORUS_TYPE_F32);
}

chorus_status chorus_ragged_ensemble_logprob_backward_bf16(
    chorus_bf16* const* logits, const int64_t* const* targets, const float* const* lse, const float* sequence_logps,
    const float* dsequence, const float* dsequence_mixture, const float* const* weights, const float* omega,
    const int64_t* const* offsets, int64_t W, const int64_t* rows, const int64_t* vocabularies, const int64_t* strides,
    int64_t S) {
  return RaggedBackward(logits, targets, lse, sequence_logps, dsequence, dsequence_mixture, weights, omega, offsets, W,
                        rows, vocabularies, strides, S, CHORUS_TYPE_BF16);
}

}  // extern "C"
