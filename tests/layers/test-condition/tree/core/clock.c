#ifdef TEST
int a;
#endif
#if defined(ASSAY_TEST)
int b;
#endif
#ifndef UNIT_TESTING
int c;
#endif
#ifdef ATTESTATION
int d;
#endif
