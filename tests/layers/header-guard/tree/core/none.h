int none_f(void);
