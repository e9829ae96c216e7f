/*
 * strcpy(a, b)
 */
int use_strcpy(void);
void *p_strcpy = strcpy;
int use_strcat(void);
void *p_strcat = strcat;
int use_sprintf(void);
void *p_sprintf = sprintf;
int use_vsprintf(void);
void *p_vsprintf = vsprintf;
int use_strncpy(void);
void *p_strncpy = strncpy;
int use_strncat(void);
void *p_strncat = strncat;
int use_strtok(void);
void *p_strtok = strtok;
int use_atoi(void);
void *p_atoi = atoi;
int use_atol(void);
void *p_atol = atol;
int use_atof(void);
void *p_atof = atof;
int use_gets(void);
void *p_gets = gets;
int use_alloca(void);
void *p_alloca = alloca;
int use_gmtime(void);
void *p_gmtime = gmtime;
int use_localtime(void);
void *p_localtime = localtime;
