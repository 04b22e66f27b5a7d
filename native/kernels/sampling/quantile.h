#pragma once

namespace sparsetune {

/// x with P(X <= x) = p for a standard normal X; p in (0, 1). Relative error below 1e-13.
double NormalQuantile(double p);

/// x with P(X <= x) = p for Student's t with `dof` degrees of freedom, p in [0.5, 1). Relative
/// error below 1e-10.
double StudentQuantile(double p, double dof);

}  // namespace sparsetune
