// Where the functions of chorus.h that a test calls are computed: on the host (host_backend.cc), or on a device or the
// simulated one (device/device_backend.cc).
#ifndef CHORUS_TESTING_BACKEND_H
#define CHORUS_TESTING_BACKEND_H

#include <string>

#include "testing/test.h"

namespace chorus_testing {

/** Why the tests cannot run here; null if they can. */
const char* SkipReason();

/** Switches to the i-th way to compute and returns its name; null if there are fewer. Every test is run with each. */
const char* UseBackend(int i);

/** The text of the last failure. */
std::string LastError();

/** Whether a failure's text says what a test expects. Devices name the place, but give the reason in words of their own. */
bool Says(int status, const std::string& text, const std::string& expected);

/** Whether that is a device. */
bool IsDevice();

/** Of the two, the one for where the test runs: devices compute elements in f32. */
inline Tolerance HostOrDevice(Tolerance host, Tolerance device) { return IsDevice() ? device : host; }

}  // namespace chorus_testing

#endif
