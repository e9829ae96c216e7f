#pragma once
int once_f(void);
