/* The library's public face. */
#pragma once
