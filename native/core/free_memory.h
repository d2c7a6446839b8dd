// free_memory: gives memory that was freed back to the system.
//
// The allocator keeps what it was given back for later requests. After gigabytes of weights that is memory which
// another model in this process could have had, or another process.
#pragma once

#include <cstddef>  // says whose C library it is

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace erprm {

// Any thread. Takes milliseconds for each gigabyte that is given back.
inline void return_freed_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace erprm
