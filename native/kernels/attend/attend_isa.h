#pragma once

#include "kernels/attend/attend.h"
#include "kernels/scores/scores_isa.h"

namespace sparsetune {

// One version per instruction set; arguments as AttendAdd, already checked.
void AttendScalar(const AttendQueries& queries, const AttendRows& rows, AttendState* state);
void AttendAvx2(const AttendQueries& queries, const AttendRows& rows, AttendState* state);
void AttendAvx512(const AttendQueries& queries, const AttendRows& rows, AttendState* state);
void AttendNeon(const AttendQueries& queries, const AttendRows& rows, AttendState* state);

}  // namespace sparsetune
