// The functions of chorus.h for tests, by way of a device.
#include <vector>

#include "testing/device/device_call.h"

using chorus_testing::DeviceCall;

namespace {

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

}  // namespace

extern "C" chorus_status chorus_ensemble_logprob_forward(const chorus_ensemble_logprob_forward_args* args) {
  DeviceCall call;
  chorus_ensemble_logprob_forward_args a = *args;
  const Models<const void> z(
      a.logits, a.W, [&](const void* p, int64_t w) { return call.InRowsOf(p, a.type, a.N, a.V, a.strides[w]); });
  a.logits = z.get();
  call.Out({&a.logps, &a.lse, &a.entropy}, a.W * a.N);
  call.Out(&a.mixture, a.N);
  call.Out(&a.sequence_logps, a.W * a.S);
  call.Out(&a.sequence_mixture, a.S);
  call.In(&a.targets, a.N);
  call.In(&a.weights, a.N);
  call.In(&a.omega, a.W);
  call.In(&a.offsets, a.S + 1);
  return call.Finish(chorus_cuda_ensemble_logprob_forward(&a, call.fault(), nullptr));
}

extern "C" chorus_status chorus_ensemble_logprob_backward(const chorus_ensemble_logprob_backward_args* args) {
  DeviceCall call;
  chorus_ensemble_logprob_backward_args a = *args;
  const Models<void> z(a.logits, a.W,
                       [&](void* p, int64_t w) { return call.OutRowsOf(p, a.type, a.N, a.V, a.strides[w]); });
  a.logits = z.get();
  call.In(&a.targets, a.N);
  call.In({&a.lse, &a.logps, &a.dlogps}, a.W * a.N);
  call.In({&a.dmixture, &a.weights}, a.N);
  call.In(&a.dsequence, a.W * a.S);
  call.In(&a.dsequence_mixture, a.S);
  call.In(&a.omega, a.W);
  call.In(&a.offsets, a.S + 1);
  return call.Finish(chorus_cuda_ensemble_logprob_backward(&a, call.fault(), nullptr));
}

extern "C" chorus_status chorus_ragged_ensemble_logprob_forward(
    const chorus_ragged_ensemble_logprob_forward_args* args) {
  DeviceCall call;
  chorus_ragged_ensemble_logprob_forward_args a = *args;
  const auto out = [&](float* x, int64_t w) { return call.Out(x, a.rows[w]); };
  const Models<float> p(a.logps, a.W, out), l(a.lse, a.W, out), h(a.entropy, a.W, out);
  const Models<const void> z(a.logits, a.W, [&](const void* x, int64_t w) {
    return call.InRowsOf(x, a.type, a.rows[w], a.vocabularies[w], a.strides[w]);
  });
  const Models<const int64_t> t(a.targets, a.W, [&](const int64_t* x, int64_t w) { return call.In(x, a.rows[w]); });
  const Models<const float> v(a.weights, a.W, [&](const float* x, int64_t w) { return call.In(x, a.rows[w]); });
  const Models<const int64_t> o(a.offsets, a.W, [&](const int64_t* x, int64_t) { return call.In(x, a.S + 1); });
  a.logps = p.get(), a.lse = l.get(), a.entropy = h.get(), a.logits = z.get();
  a.targets = t.get(), a.weights = v.get(), a.offsets = o.get();
  call.Out({&a.sequence_logps, &a.sequence_means}, a.W * a.S);
  call.Out(&a.sequence_mixture, a.S);
  call.In(&a.omega, a.W);
  return call.Finish(chorus_cuda_ragged_ensemble_logprob_forward(&a, call.fault(), nullptr));
}

extern "C" chorus_status chorus_ragged_ensemble_logprob_backward(
    const chorus_ragged_ensemble_logprob_backward_args* args) {
  DeviceCall call;
  chorus_ragged_ensemble_logprob_backward_args a = *args;
  const Models<void> z(a.logits, a.W, [&](void* x, int64_t w) {
    return call.OutRowsOf(x, a.type, a.rows[w], a.vocabularies[w], a.strides[w]);
  });
  const auto in = [&](const float* x, int64_t w) { return call.In(x, a.rows[w]); };
  const Models<const float> l(a.lse, a.W, in), v(a.weights, a.W, in);
  const Models<const int64_t> t(a.targets, a.W, [&](const int64_t* x, int64_t w) { return call.In(x, a.rows[w]); });
  const Models<const int64_t> o(a.offsets, a.W, [&](const int64_t* x, int64_t) { return call.In(x, a.S + 1); });
  a.logits = z.get(), a.lse = l.get(), a.weights = v.get(), a.targets = t.get(), a.offsets = o.get();
  call.In({&a.sequence_logps, &a.dsequence}, a.W * a.S);
  call.In(&a.dsequence_mixture, a.S);
  call.In(&a.omega, a.W);
  return call.Finish(chorus_cuda_ragged_ensemble_logprob_backward(&a, call.fault(), nullptr));
}
