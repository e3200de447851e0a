/**
 * Who may do what (protocol 2.1, 5.1.2).
 * @pure
 */
export interface AuthorizationAttribute {
  data_type: string;
  value: string;
}

export interface Authorization {
  admins: AuthorizationAttribute[];
  readers: AuthorizationAttribute[];
}
