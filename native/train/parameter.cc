#include "train/parameter.h"

#include <ATen/ops/zeros_like.h>

namespace erprm {

void Parameter::train() {
  gradient = at::zeros_like(value);
  first_moment = at::zeros_like(value);
  second_moment = at::zeros_like(value);
}

void Parameter::renew_factor() const {
  if (factor_.scalar_type() != value.scalar_type()) factor_.copy_(value);
}

}  // namespace erprm
