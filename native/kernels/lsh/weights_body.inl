// Log weights in terms of a vec.inl. Included inside a target region and the instruction set's own
// anonymous namespace; includes nothing itself.

/// acos(a) / pi / sqrt(1 - a) for a in [0, 1], relative error below 2^-23.
inline Vec AngleFactor(Vec a) {
  Vec p = Set1(-3.85708112e-4f);
  p = MulAdd(p, a, Set1(2.06631545e-3f));
  p = MulAdd(p, a, Set1(-5.36067348e-3f));
  p = MulAdd(p, a, Set1(9.77915529e-3f));
  p = MulAdd(p, a, Set1(-1.59518781e-2f));
  p = MulAdd(p, a, Set1(2.83196655e-2f));
  p = MulAdd(p, a, Set1(-6.83087145e-2f));
  return MulAdd(p, a, Set1(0.499999991f));
}

/// 1 - angle / pi of a cosine in [-1, 1]; not below 2^-24.
inline Vec Closeness(Vec cosine) {
  const Vec a = Abs(cosine);
  const Vec angle = Mul(SquareRoot(Sub(Set1(1.0f), a)), AngleFactor(a));
  return Max(WhereNegative(cosine, angle, Sub(Set1(1.0f), angle)), Set1(0x1p-24f));
}

/// log2 of a normal u; relative error below 2^-22.
inline Vec Log2(Vec u) {
  Vec exponent;
  Vec mantissa;
  SplitFloat(u, &exponent, &mantissa);
  const Vec one = Set1(1.0f);
  const Vec s = Divide(Sub(mantissa, one), Add(mantissa, one));
  const Vec z = Mul(s, s);
  Vec p = Set1(0.439118898f);
  p = MulAdd(p, z, Set1(0.576393792f));
  p = MulAdd(p, z, Set1(0.961802212f));
  p = MulAdd(p, z, Set1(2.88539007f));
  return MulAdd(p, s, exponent);
}

/// What is the same for all keys of a call.
struct WeightFactors {
  Vec mean;       ///< query . mean key, rounded ...
  Vec mean_rest;  ///< ... and the rest
  Vec scale;      ///< 1 / norm of the query
  Vec tables;     ///< -16 lsh_k
  Vec matches;    ///< min_matches ln 2 / 16
};

inline Vec LogWeights(Vec dots, Vec norms, const WeightFactors& factors, const LshCurve& curve) {
  const Vec dot = Sub(Sub(dots, factors.mean), factors.mean_rest);
  Vec cosine = WhereZero(norms, Zero(), Divide(Mul(dot, factors.scale), norms));
  // A cosine that is no number becomes -1: Max then returns the second operand, or the number.
  cosine = Min(Max(cosine, Set1(-1.0f)), Set1(1.0f));
  const Vec s = Mul(Log2(Closeness(cosine)), factors.tables);
  const Vec in_range = Min(s, Set1(511.9999f));
  Vec t;
  Vec c[4];
  CurvePart(&curve.parts[0][0], in_range, &t, c);
  const Vec rest = MulAdd(MulAdd(MulAdd(c[3], t, c[2]), t, c[1]), t, c[0]);
  return Max(Sub(Mul(s, factors.matches), rest), Zero());
}

void LogWeightsOf(const LshWeightsArgs& args) {
  const float mean = static_cast<float>(args.query.dot_mean);
  WeightFactors factors;
  factors.mean = Set1(mean);
  factors.mean_rest = Set1(static_cast<float>(args.query.dot_mean - mean));
  factors.scale = Set1(static_cast<float>(1 / args.query.norm));
  factors.tables = Set1(-16.0f * static_cast<float>(args.curve.params.lsh_k));
  factors.matches = Set1(0.0433216988f * static_cast<float>(args.curve.min_matches));
  size_t i = 0;
  for (; i + kLanes <= args.n; i += kLanes) {
    Store(args.scores + i,
          LogWeights(Load(args.scores + i), Load(args.norms + i), factors, args.curve));
  }
  if (i == args.n) return;
  const size_t n = args.n - i;
  const Vec rest =
      LogWeights(LoadPart(args.scores + i, n), LoadPart(args.norms + i, n), factors, args.curve);
  StorePart(args.scores + i, rest, n);
}
