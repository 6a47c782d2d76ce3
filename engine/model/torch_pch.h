// SPDX-License-Identifier: GPL-3.0-or-later
// The one precompiled header for libtorch (16 s a file without it). Only the reference target uses it.
#pragma once

#include <torch/torch.h>
