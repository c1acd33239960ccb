#include "chorus.h"
extern "C" const char* chorus_last_error(void) { return ""; }
